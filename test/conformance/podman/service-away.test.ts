/** What becomes of containers, their logs and their exits while Podman's service is away. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { skipWithout } from "../../support/engine-needed.ts";
import { eventually } from "../../support/eventually.ts";
import { PodmanEngine, whyNoPodman } from "../../support/podman-engine.ts";
import { processAlive } from "../../support/process-alive.ts";
import { exitOf, logs, outputWith, running, startBench } from "../provider-bench.ts";
import { underTest } from "./under-test.ts";

const skip = skipWithout(whyNoPodman());
let engine: PodmanEngine;

before(async () => {
  if (skip !== false) return;
  engine = await PodmanEngine.open();
  process.env["CONTAINER_HOST"] = `unix://${engine.socketPath}`;
});
after(() => engine?.close());

test("the end of a container and every line are known, also of while it was away", {
  skip,
}, async (t) => {
  const { provider, run, folder } = await startBench(t, underTest);
  const { instance, task } = await run(
    `n=0; while [ ! -e ${folder}/go ]; do n=$((n+1)); echo $n; usleep 5000; done; echo last; exit 7`,
  );
  const output = await provider.output(instance, logs);
  await outputWith(output, "\n100\n");
  await engine.crash();
  await writeFile(`${folder}/go`, "");
  await eventually(() => !processAlive(Number(running(task).handle["pid"])), "its end");
  await engine.start();
  assert.deepEqual(await exitOf(task), { kind: "exited", code: 7 });
  const lines = (await outputWith(output, "last\n")).trimEnd().split("\n").slice(0, -1);
  assert.deepEqual(
    lines,
    lines.map((_line, i) => String(i + 1)),
  );
  await output.close();
});
