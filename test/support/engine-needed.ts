/** Whether to run tests that need an engine: without it they are skipped, but in CI that is a failure. */

/**
 * @param why there is no such engine; false: there is
 * @throws Error in CI, which installs every engine
 */
export function skipWithout(why: string | false): string | false {
  if (why !== false && process.env["MOB_CI"] === "1") throw new Error(`in CI: ${why}`);
  return why;
}
