/**
 * Everything that a change must pass, as CI runs it: `npm run check`. Goes on after a failure, so
 * that one run tells all that is wrong.
 */
import { spawnSync } from "node:child_process";
import { root } from "./root.ts";

/** Name and npm script, the quick ones first. */
const steps = [
  ["format and lint", "check:lint"],
  ["types", "check:types"],
  ["layers", "check:layers"],
  ["dead code", "check:dead"],
  ["docs", "check:docs"],
  ["tests", "test"],
] as const;

const failed: string[] = [];
for (const [name, script] of steps) {
  console.log(`── ${name} (npm run ${script})`);
  const { status } = spawnSync("npm", ["run", "--silent", script], { cwd: root, stdio: "inherit" });
  if (status !== 0) failed.push(name);
}
console.log(failed.length === 0 ? "check: all passed" : `check: failed: ${failed.join(", ")}`);
process.exitCode = failed.length === 0 ? 0 : 1;
