/** What volumes alone have, on a real pool. */
import { after, test } from "node:test";
import { skipWithout } from "../support/engine-needed.ts";
import { GlusterPool, whyNoGluster } from "../support/gluster-pool.ts";
import { glusterfsCases } from "./glusterfs-cases.ts";
import { underTest } from "./glusterfs-under-test.ts";
import { startBench } from "./provider-bench.ts";

const why = skipWithout(whyNoGluster());
if (why !== false) test("volumes", { skip: why }, () => {});
else {
  const pool = await GlusterPool.open();
  after(() => pool.close());
  process.env["MOB_GLUSTER"] = pool.command;
  process.env["MOB_TEST_BRICKS"] = pool.bricks;
  for (const [name, run] of Object.entries(glusterfsCases)) {
    test(`a volume ${name}`, async (t) => run(await startBench(t, underTest), pool));
  }
}
