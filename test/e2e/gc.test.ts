/** What is left of a node whose data folder was deleted, found and removed through another node. */
import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { test } from "node:test";
import type {
  LeftoversView,
  LeftoverView,
  RemovedLeftovers,
} from "../../src/api/leftover-shapes.ts";
import { eventually } from "../support/eventually.ts";
import { bash, Lab, type MobNode } from "../support/mob-node.ts";
import { processAlive } from "../support/process-alive.ts";

/** Those of this lab: the machine may have others. */
async function leftovers(node: MobNode, ...args: string[]): Promise<readonly LeftoverView[]> {
  const { leftovers: all, unread } = await node.json<LeftoversView>("gc", ...args);
  assert.deepEqual(unread, []);
  return all.filter(({ dataFolder }) => dataFolder?.startsWith(`${node.lab.home}/`));
}

test("what a dead node left behind is found and removed, and nothing of a node that runs", async (t) => {
  const lab = await Lab.open(t);
  const [asked, neighbour, dead] = [await lab.start(), await lab.start(), await lab.start()];
  const nodes = [asked, neighbour, dead];
  for (const node of nodes) await node.deploy(bash("web", "sleep 1000 & sleep 1000"));
  const pids = await Promise.all(nodes.map((node) => node.taskPid("web")));
  assert.deepEqual(await leftovers(asked), []);

  await dead.crash();
  const [stopped, ...others] = await leftovers(asked);
  assert.ok(stopped !== undefined && others.length === 0);
  const { id, since, instance, ...shown } = stopped;
  assert.deepEqual(shown, {
    provider: "bash",
    service: null,
    network: null,
    dataFolder: dead.dataFolder,
    state: "stopped",
    reason: "no node runs on its data folder",
  });
  assert.match(id, new RegExp(`^[0-9a-f]{12}/${instance}\\.1$`));
  assert.ok(since !== null);
  const refused = await asked.try("gc", "--remove", id);
  assert.equal(refused.code, 1);
  assert.match(refused.stdout, /kept +it is kept: no node runs on its data folder/);

  await rm(dead.dataFolder, { recursive: true });
  assert.deepEqual(
    (await leftovers(asked)).map((one) => [one.id, one.state]),
    [[id, "gone"]],
  );
  const { results } = await asked.json<RemovedLeftovers>("gc", "--remove", id);
  assert.deepEqual(results, [{ id, provider: "bash", instance, result: "removed" }]);
  assert.deepEqual(await leftovers(asked), []);
  assert.deepEqual(pids.map(processAlive), [true, true, false]);
  await eventually(() => lab.processes(`MOB_INSTANCE=${instance}`).length === 0, "all of its end");
  const again = await asked.try("gc", "--remove", id);
  assert.equal(again.code, 1);
  assert.match(again.stdout, /there is no such leftover/);
});

test("what a node that runs has is not shown although its data folder was deleted", async (t) => {
  const lab = await Lab.open(t);
  const [asked, peer] = await lab.pair();
  const other = await lab.start();
  await other.deploy(bash("web", "sleep 1000"));
  const pid = await other.taskPid("web");
  await rm(other.dataFolder, { recursive: true });
  assert.deepEqual(await leftovers(asked), []);
  await other.crash();
  // Through one node another is asked to look at its machine, which is the same here.
  const { node: name } = await peer.json<LeftoversView>("gc");
  const [left] = await leftovers(asked, "--of", name);
  assert.equal(left?.state, "gone");
  const removed = await asked.json<RemovedLeftovers>("gc", "--of", name, "--remove", left.id);
  assert.equal(removed.node, name);
  assert.ok(!processAlive(pid));
});
