/** How a provider of a third party is named: by the absolute path of a file, or as a package from npm. */

/** `/opt/acme.mjs`, `@acme/mob-provider-acme`, `mob-provider-acme`. */
export function isModuleName(word: string): boolean {
  return /^(?:\/|@[\w.~-]+\/[\w.~-]|mob-provider-[\w.~-])/.test(word);
}
