/** The suite's cases of limits for exec, and no others: run where a processor is emulated (`cgroups-v2.test.ts`). */
import { test } from "node:test";
import { underTest } from "./exec-under-test.ts";
import { limitCases } from "./limit-cases.ts";
import { startBench } from "./provider-bench.ts";

for (const [name, run] of Object.entries(limitCases)) {
  test(name, async (t) => run(await startBench(t, underTest), underTest));
}
