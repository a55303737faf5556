import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { root } from "../../../scripts/root.ts";

function runTests(...args: string[]) {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env; // Else it would report to this runner.
  const command = ["--import", "tsx", "scripts/test.ts", ...args];
  return spawnSync(process.execPath, command, { cwd: root, encoding: "utf8", env });
}

test("a word that matches no test fails by name, whatever the other words match", () => {
  const { status, stderr } = runTests("complete-lock", "no-such-module");
  assert.equal(status, 2);
  assert.match(stderr, /no-such-module/);
});

test("a word selects the tests of one module, and Node's closing lines end the output", () => {
  const { status, stdout } = runTests("house/complete-lock");
  assert.equal(status, 0);
  assert.match(stdout, /ℹ pass 3\n/);
});

test("a kind has its own folders only", () => {
  assert.equal(runTests("--kind", "integration", "house/complete-lock").status, 2);
});
