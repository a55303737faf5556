/** What must be true of every provider that tells what its tasks use. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import type { FoundTask, Provider, TaskStats } from "../../src/providers/provider.ts";
import { eventually } from "../support/eventually.ts";
import { type Bench, printed, type Ran, running } from "./provider-bench.ts";
import type { ProviderUnderTest } from "./under-test.ts";

type Case = (bench: Bench, tested: ProviderUnderTest) => Promise<void>;

/** For tasks that leave others something of the processor. */
export const burnCase =
  "tells the CPU time that a task burns, and that one which sleeps burns none";

/** For tasks whose memory is what they take. */
export const memoryCase = "tells that a task has more memory once it has taken some";

/** For tasks that can write files in the bench's folder. */
export const cacheCase = "counts nothing of a file that a task has written";

const mebibyte = 1_024 ** 2;
/** A machine has to boot before it sleeps. */
const quietMsMax = 300_000;

function statsOf(provider: Provider, { instance, handle }: Ran): Promise<TaskStats> {
  assert.ok(provider.stats !== undefined, "it does not tell what tasks use");
  const task: FoundTask = { instance, attempt: 1, handle };
  return provider.stats(task);
}

export const statsCases: Readonly<Record<string, Case>> = {
  [burnCase]: async ({ provider, run }) => {
    const burning = await run("while :; do :; done");
    const sleeping = await run("sleep 100000");
    const both = () => Promise.all([burning, sleeping].map((ran) => statsOf(provider, ran)));
    const burnt = ([now]: TaskStats[], [before]: TaskStats[]) => {
      assert.ok(now !== undefined && before !== undefined);
      return now.cpuMs - before.cpuMs;
    };
    await eventually(
      async () => {
        const before = await both();
        let now = before;
        await eventually(async () => {
          now = await both();
          return burnt(now, before) >= 1_000;
        }, "a second of CPU time");
        return burnt(now.toReversed(), before.toReversed()) < burnt(now, before) / 4;
      },
      "a task that sleeps",
      quietMsMax,
    );
  },

  [memoryCase]: async ({ provider, folder, run }) => {
    const ran = await run(`echo up; while [ ! -e ${folder}/go ]; do sleep 0.05; done
i=0; x=0123456789abcdef; while [ $i -lt 20 ]; do x=$x$x; i=$((i + 1)); done
echo taken; while :; do sleep 1; done`);
    await printed({ provider }, ran.instance, "up\n");
    const before = await statsOf(provider, ran);
    assert.ok(before.memoryBytes > 0);
    assert.ok(before.processes === undefined || before.processes > 0);
    await writeFile(`${folder}/go`, "");
    await printed({ provider }, ran.instance, "taken\n");
    const now = await statsOf(provider, ran);
    const grown = now.memoryBytes - before.memoryBytes;
    assert.ok(grown > 12 * mebibyte, `${grown} bytes more, of the 16 MiB that it has taken`);
  },

  [cacheCase]: async ({ provider, folder, run }) => {
    const ran = await run(`echo up; while [ ! -e ${folder}/go ]; do sleep 0.05; done
dd if=/dev/zero of=${folder}/big bs=65536 count=1024 2>/dev/null; echo written; while :; do sleep 1; done`);
    await printed({ provider }, ran.instance, "up\n");
    const before = await statsOf(provider, ran);
    await writeFile(`${folder}/go`, "");
    await printed({ provider }, ran.instance, "written\n");
    const grown = (await statsOf(provider, ran)).memoryBytes - before.memoryBytes;
    assert.ok(grown < 32 * mebibyte, `${grown} bytes more, with a file of 64 MiB`);
  },

  "tells what a task uses that was taken over, and refuses of one that has ended": async (
    bench,
  ) => {
    const ran = await bench.run("while :; do sleep 1; done");
    running(ran.task).release();
    const provider = await bench.comeBack();
    const { instance, handle } = ran;
    const task = running(await provider.adopt({ instance, attempt: 1, handle }));
    const { cpuMs, memoryBytes } = await statsOf(provider, ran);
    assert.ok(cpuMs >= 0 && memoryBytes > 0);
    await task.stop({ signal: "SIGKILL", graceMs: 0 });
    await assert.rejects(statsOf(provider, ran), { code: "unavailable" });
  },
};
