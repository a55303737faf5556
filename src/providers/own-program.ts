/**
 * The programs of Mob's own that providers run in processes of theirs: bundled beside whatever this is
 * bundled into, or in a checkout the sources, read through tsx as the node's are.
 */
import { fileURLToPath } from "node:url";

export interface OwnProgram {
  /** What Node is given before the file. */
  readonly flags: readonly string[];
  readonly file: string;
}

/**
 * @param name of the file in `dist/`
 * @param source from this folder
 */
export function ownProgram(name: string, source: string): OwnProgram {
  const isBundled = !import.meta.url.endsWith(".ts");
  if (isBundled) return { flags: [], file: fileURLToPath(new URL(`${name}.js`, import.meta.url)) };
  const file = fileURLToPath(new URL(source, import.meta.url));
  return { flags: ["--import", import.meta.resolve("tsx")], file };
}
