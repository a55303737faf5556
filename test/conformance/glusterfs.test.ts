/** The conformance suite, run for glusterfs on a real pool. */
import { after, test } from "node:test";
import { skipWithout } from "../support/engine-needed.ts";
import { GlusterPool, whyNoGluster } from "../support/gluster-pool.ts";
import { underTest } from "./glusterfs-under-test.ts";
import { describeProvider } from "./provider-suite.ts";

const why = skipWithout(whyNoGluster());
if (why !== false) test("glusterfs", { skip: why }, () => {});
else {
  const pool = await GlusterPool.open();
  after(() => pool.close());
  process.env["MOB_GLUSTER"] = pool.command;
  process.env["MOB_TEST_BRICKS"] = pool.bricks;
  describeProvider(underTest);
}
