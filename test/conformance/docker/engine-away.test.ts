/** What becomes of containers, their logs and their exits while the engine is away. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { asInstanceId } from "../../../src/core/ids.ts";
import { DockerEngine, whyNoDocker } from "../../support/docker-engine.ts";
import { skipWithout } from "../../support/engine-needed.ts";
import { eventually } from "../../support/eventually.ts";
import { processAlive } from "../../support/process-alive.ts";
import { exitOf, logs, outputWith, running, startBench } from "../provider-bench.ts";
import { underTest } from "./under-test.ts";

const skip = skipWithout(whyNoDocker());
let engine: DockerEngine;

before(async () => {
  if (skip !== false) return;
  engine = await DockerEngine.open();
  process.env["DOCKER_HOST"] = `unix://${engine.socketPath}`;
});
after(() => engine?.close());

/** Counts, some hundred lines a second, from 1 on until there is a file `go`. */
const counting = (folder: string) =>
  `n=0; while [ ! -e ${folder}/go ]; do n=$((n+1)); echo $n; usleep 5000; done; echo last; exit 7`;

test("no line is lost or doubled over the death of the engine", { skip }, async (t) => {
  const { provider, run, folder } = await startBench(t, underTest);
  const { instance, task } = await run(counting(folder));
  const output = await provider.output(instance, logs);
  await outputWith(output, "\n100\n");
  await engine.crash();
  await engine.start();
  const { length } = await outputWith(output, "\n101\n");
  await eventually(async () => (await output.tail(0)) > length + 1_000, "more lines");
  await writeFile(`${folder}/go`, "");
  assert.deepEqual(await exitOf(task), { kind: "exited", code: 7 });
  const lines = (await outputWith(output, "last\n")).trimEnd().split("\n").slice(0, -1);
  assert.deepEqual(
    lines,
    lines.map((_line, i) => String(i + 1)),
  );
  await output.close();
});

test("the exit of a container that ended while its engine was away is known", {
  skip,
}, async (t) => {
  const { run, folder } = await startBench(t, underTest);
  const { task } = await run(`while [ ! -e ${folder}/go ]; do usleep 5000; done; exit 7`);
  await engine.stop();
  await writeFile(`${folder}/go`, "");
  await eventually(() => !processAlive(Number(running(task).handle["pid"])), "its end");
  await engine.start();
  assert.deepEqual(await exitOf(task), { kind: "exited", code: 7 });
});

test("a stop that finds the engine away is done once it is back", { skip }, async (t) => {
  const { provider, run } = await startBench(t, underTest);
  const { instance, task } = await run(
    "trap 'exit 3' TERM; echo up; while :; do usleep 50000; done",
  );
  const output = await provider.output(instance, logs);
  await outputWith(output, "up");
  await output.close();
  await engine.crash();
  const stopped = running(task).stop({ signal: "SIGTERM", graceMs: 60_000 });
  await engine.start();
  await stopped;
  assert.deepEqual(await exitOf(task), { kind: "exited", code: 3 });
});

test("what is asked of an engine that is away says where it should be", { skip }, async (t) => {
  t.after(() => engine.start()); // First: the bench's own end needs it.
  const { provider, run } = await startBench(t, underTest);
  await engine.stop();
  const expected = {
    code: "unavailable",
    message: RegExp(`Docker does not answer: .*${engine.socketPath}`),
  };
  await assert.rejects(run("true"), expected);
  await assert.rejects(provider.list(), expected);
  await assert.rejects(provider.remove(asInstanceId("0".repeat(16))), expected);
  const probed = await provider.probe();
  assert.ok(!probed.available && expected.message.test(probed.reason));
});

test("an engine that ends is doubted by whoever holds a container of it, each time", {
  skip,
}, async (t) => {
  t.after(() => engine.start());
  const { provider, run } = await startBench(t, underTest);
  let doubts = 0;
  provider.watch?.(() => {
    doubts++;
  });
  await run("sleep 10000");
  for (const end of [() => engine.crash(), () => engine.stop(), () => engine.crash()]) {
    const { task } = await run("sleep 10000");
    const before = doubts;
    await end();
    await eventually(() => doubts > before, "the doubt");
    await engine.start();
    await running(task).stop({ signal: "SIGKILL", graceMs: 0 });
  }
});
