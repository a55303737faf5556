import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const example = fileURLToPath(new URL("../../../docs/examples/counter.ts", import.meta.url));

test("the example of docs/actors.md does what it says", async () => {
  const run = promisify(execFile);
  const { stdout } = await run(process.execPath, ["--import", "tsx", example], {
    timeout: 120_000,
  });
  assert.deepEqual(stdout.trim().split("\n"), [
    "2 + 3 = 5",
    "refused: { code: 'bad_request', message: 'it only counts up', details: [] }",
    "crashed: actor_crashed",
    "afterwards: 1 { sum: 1 }",
    "restarts: 1",
  ]);
});
