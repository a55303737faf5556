import assert from "node:assert/strict";
import { test } from "node:test";
import type { NodeView, ProviderView } from "../../src/api/shapes.ts";
import { eventually } from "../support/eventually.ts";
import { bash, Lab, type MobNode } from "../support/mob-node.ts";

const capacity = "memory=100MB,cpu=1";
/** Fills memory without end. */
const hungry = "x=0123456789abcdef; while :; do x=$x$x; done";

async function whyNoLimits(node: MobNode): Promise<string | undefined> {
  const all = await node.json<ProviderView[]>("providers");
  const offer = all.find(({ type }) => type === "bash");
  return offer?.features.includes("limits") ? undefined : offer?.lacks["limits"];
}

test("a node gives away what it has and no more, and what takes too much memory is killed, and says so", async (t) => {
  const lab = await Lab.open(t);
  const node = await lab.start({ args: ["--capacity", capacity] });
  const why = await whyNoLimits(node);
  if (why !== undefined) {
    assert.equal(process.env["MOB_CI"], undefined, why);
    t.skip(why);
    return;
  }
  const resources = { memory: "60MB", cpu: 0.5 };
  await node.deploy(bash("web", "exec sleep 1000", { resources }));
  const pid = await node.taskPid("web");
  await node.deploy(bash("too-much", "exec sleep 1000", { resources }));
  const { reason } = await node.until("too-much", "pending");
  assert.match(reason ?? "", /has 40MB of 100MB memory left, and 60MB are wanted$/);
  await node.deploy(bash("web", "exec sleep 1000", { resources: { memory: "200MB" } }));
  await eventually(async () => {
    const web = await node.instance("web");
    return /^runs as before its change: .* 200MB are wanted/.test(web?.reason ?? "");
  }, "why the change waits");
  await node.deploy(bash("web", "exec sleep 1000", { resources }));
  assert.equal(await node.taskPid("web"), pid);
  const [told] = await node.json<NodeView[]>("nodes");
  assert.deepEqual(told?.capacity, { memory: 100e6, cpu: 1 });
  assert.deepEqual(told?.reserved, { memory: 60e6, cpu: 0.5 });

  const job = { resources: { memory: "20MB" }, restart: "none" };
  // Its end may come before the answer, which then is that it failed.
  await node.try("deploy", JSON.stringify(bash("hungry", hungry, job)));
  const ended = await node.until("hungry", "failed", "lost", "done");
  assert.match(ended.reason ?? "", /SIGKILL.*out of memory/);
  assert.deepEqual(ended.exit, { signal: "SIGKILL", reason: "out of memory" });
  assert.equal(await node.taskPid("web"), pid);

  await node.mob("rm", "web");
  await node.taskPid("too-much");
  await eventually(async () => {
    const [now] = await node.json<NodeView[]>("nodes");
    return now?.reserved.memory === 60e6;
  }, "the room of one");
  await node.mob("rm", "too-much", "hungry");
});
