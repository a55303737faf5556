/** The conformance suite as the package exports it, run by a third party on the documentation's provider. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { documented, writeDocumented } from "../support/batch-provider.ts";
import { root } from "../support/mob-node.ts";
import { tempFolder } from "../support/temp-folder.ts";

async function project(t: TestContext): Promise<string> {
  const folder = await tempFolder(t);
  await mkdir(join(folder, "node_modules"));
  await symlink(root, join(folder, "node_modules/mob"));
  await writeFile(join(folder, "package.json"), '{ "type": "module" }');
  for (const name of ["batch.js", "batch-under-test.js", "batch.test.js"]) {
    await writeDocumented(folder, name);
  }
  return folder;
}

/** `node --test` of the project: its exit code, and what it printed. */
function runTests(cwd: string, ...flags: string[]): Promise<[number, string]> {
  const { NODE_TEST_CONTEXT: _ours, ...env } = process.env;
  return new Promise((resolve) => {
    const args = ["--test", "--test-reporter=tap", ...flags, "batch.test.js"];
    execFile(process.execPath, args, { cwd, env }, (error, stdout) => {
      resolve([typeof error?.code === "number" ? error.code : 0, stdout]);
    });
  });
}

/** What takes a feature that the documentation's provider does not tell. */
const notInBatch = new Set(["terminals", "limits", "volumes", "own-health", "pause"]);

test("the documentation's provider passes, and no case of the suite is left out", async (t) => {
  const [code, printed] = await runTests(await project(t));
  assert.equal(code, 0, printed);
  const passed = [...printed.matchAll(/^ {4,}ok \d+ - (?!.*# SKIP)/gm)];
  assert.ok(passed.length >= 20, printed);
  const skipped = [...printed.matchAll(/^ {4,}ok \d+ - .* # SKIP it has no (.*)$/gm)];
  assert.deepEqual(new Set(skipped.map(([, what]) => what)), notInBatch, printed);
  assert.equal([...printed.matchAll(/# SKIP/g)].length, skipped.length, printed);
  for (const name of [
    "leaks nothing when its owner is killed at any moment of a start",
    "adopts no stranger that has a task's pid",
  ]) {
    assert.match(printed, RegExp(`ok \\d+ - ${name}$`, "m"));
  }
});

test("a provider that accepts wrong parameters fails", async (t) => {
  const folder = await project(t);
  const source = documented("batch.js").replace("details.length === 0", "true");
  await writeFile(join(folder, "batch.js"), source);
  const name = "refuses bad parameters";
  const patterns = ["^batch$", name].map((pattern) => `--test-name-pattern=${pattern}`);
  const [code, printed] = await runTests(folder, ...patterns);
  assert.equal(code, 1, printed);
  assert.match(printed, RegExp(`not ok \\d+ - ${name}`));
});
