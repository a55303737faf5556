/**
 * AWS' own client of the Lambda Runtime API, with a handler as it would be deployed there. It compiles native code when
 * it is installed, for minutes, so it is not among the packages here: `MOB_TEST_AWS_LAMBDA_RIC` names a folder
 * in which somebody has installed `aws-lambda-ric`, version 3.
 */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { markedProcesses } from "../support/marked-processes.ts";
import { underTest } from "./lambda-under-test.ts";
import { printed, startBench } from "./provider-bench.ts";

const installed = process.env["MOB_TEST_AWS_LAMBDA_RIC"];

const handler = `exports.handler = async ({ wrong, end, forever, n }, context) => {
  console.log("got", n);
  if (wrong) throw new RangeError("not so");
  if (end) process.exit(3);
  for (; forever; );
  return { n: n + 1, pid: process.pid, id: context.awsRequestId, left: context.getRemainingTimeInMillis() > 0 };
};`;

test("AWS' client runs an unmodified handler: warm, with its errors, its timeout and its crash", {
  skip: installed === undefined && "MOB_TEST_AWS_LAMBDA_RIC names no folder",
}, async (t) => {
  const bench = await startBench(t, underTest);
  await writeFile(join(bench.folder, "index.js"), handler);
  const client = join(installed ?? "", "node_modules/aws-lambda-ric/bin/index.mjs");
  const command = [process.execPath, client, "index.handler"];
  const params = { code: bench.folder, command, timeout: "5s" };
  const { instance } = await bench.run(JSON.stringify(params));
  const invoke = async (event: object) => {
    const invoked = await bench.provider.invocable?.invoke(instance, JSON.stringify(event));
    return { cold: invoked?.cold, id: invoked?.id, said: JSON.parse(invoked?.answer ?? "null") };
  };

  const first = await invoke({ n: 1 });
  const { pid } = first.said;
  assert.deepEqual(first, {
    cold: true,
    id: first.id,
    said: { n: 2, pid, id: first.id, left: true },
  });
  const second = await invoke({ n: 2 });
  assert.deepEqual([second.cold, second.said.n, second.said.pid], [false, 3, pid]);
  const failed = { code: "function_failed", message: "RangeError: not so" };
  await assert.rejects(invoke({ wrong: true }), failed);
  assert.equal((await invoke({ n: 3 })).said.pid, pid);
  const late = { code: "function_timed_out", message: /took longer than 5000 ms/ };
  await assert.rejects(invoke({ forever: true }), late);
  const third = await invoke({ n: 4 });
  assert.equal(third.cold, true);
  const ended = { code: "function_failed", message: /its process ended with exit code 3$/ };
  await assert.rejects(invoke({ end: true }), ended);
  assert.equal((await invoke({ n: 5 })).said.n, 6);
  assert.match(await printed(bench, instance, `END ${third.id}`), /got 4/);
  assert.equal(markedProcesses(`TEST_MARK=${bench.mark}`, "_HANDLER=index.handler").length, 1);
});
