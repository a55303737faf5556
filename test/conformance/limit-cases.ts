/** What must be true of every provider that declares `limits`. */
import assert from "node:assert/strict";
import type { FoundTask } from "../../src/providers/provider.ts";
import { eventually } from "../support/eventually.ts";
import { type Bench, exitOf, logs, outputWith } from "./provider-bench.ts";
import type { ProviderUnderTest } from "./under-test.ts";

const limits = { memoryBytes: 16 * 1_024 * 1_024, milliCpus: 0 };
/** Fills memory without end. */
const hungry = "echo up; x=0123456789abcdef; while :; do x=$x$x; done";

type Case = (bench: Bench, tested: ProviderUnderTest) => Promise<void>;

export const limitCases: Readonly<Record<string, Case>> = {
  "kills a task that takes more memory than its limit, and says so": async ({ run }, tested) => {
    const { task } = await run(hungry, undefined, 1, limits);
    const reason = tested.isSilentOnMemory === true ? {} : { reason: "out of memory" };
    assert.deepEqual(await exitOf(task), { kind: "signaled", signal: "SIGKILL", ...reason });
  },

  "tells that a task ran out of memory while no one looked": async (bench, tested) => {
    const { instance, handle, task } = await bench.run(hungry, undefined, 1, limits);
    if (!("gone" in task)) task.release();
    const provider = await bench.comeBack();
    const found: FoundTask = { instance, attempt: 1, handle };
    const exit = await exitOf(await provider.adopt(found));
    const reason = tested.isSilentOnMemory === true ? {} : { reason: "out of memory" };
    assert.deepEqual(exit, { kind: "signaled", signal: "SIGKILL", ...reason });
  },

  "leaves a task alone that keeps to its limits, and gives it no more CPU time": async (bench) => {
    const { provider, run } = bench;
    // Tells what it has used, in ticks of 10 ms, once it has run for two seconds.
    const busy = `trap 'read -r _ _ _ _ _ _ _ _ _ _ _ _ _ user system _ </proc/self/stat
echo used $((user + system)); exit' TERM; echo up; while :; do :; done`;
    const { instance, task } = await run(busy, undefined, 1, { ...limits, milliCpus: 100 });
    assert.ok(!("gone" in task));
    const output = await provider.output(instance, logs);
    await outputWith(output, "up");
    const fromMs = performance.now();
    await eventually(() => performance.now() - fromMs > 2_000, "two seconds");
    await task.stop({ signal: "SIGTERM", graceMs: 60_000 });
    const ranMs = performance.now() - fromMs;
    const [, ticks = ""] = /used (\d+)/.exec(await outputWith(output, "used")) ?? [];
    // A tenth, and what it may have of two periods at the ends.
    assert.ok(Number(ticks) * 10 <= ranMs / 10 + 200, `${ticks} ticks in ${ranMs} ms`);
    await output.close();
  },
};
