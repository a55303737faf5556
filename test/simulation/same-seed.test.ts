import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";
import { root } from "../../scripts/root.ts";

/** What a run prints in a process of its own, but for its speed; its last word is the trace's hash. */
async function runOf(seed: number): Promise<string> {
  const args = ["--import", "tsx", "scripts/simulate.ts", "--seed", String(seed), "--nodes", "4"];
  const { stdout } = await promisify(execFile)(process.execPath, [...args, "--seconds", "40"], {
    cwd: root,
  });
  return stdout.replace(/, \d+ × real time/, "");
}

test("one seed is one run, in whatever process, and another seed is another", async () => {
  const [first, second, other] = await Promise.all([runOf(5), runOf(5), runOf(6)]);
  assert.match(first, /^seed 5, 4 nodes, 40 s: .* [0-9a-f]{16}\n$/);
  assert.equal(second, first);
  assert.notEqual(other.split(" ").at(-1), first.split(" ").at(-1));
});
