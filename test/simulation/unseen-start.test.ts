/** An engine that starts a task and goes away before it has said so. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Simulation } from "../../src/simulator/simulation.ts";

/** A task runs of whose start node `a` has heard nothing for `ms`, while its engine was away; it is back. */
async function startedUnseen(ms: number): Promise<Simulation> {
  const simulation = new Simulation({ seed: 1, machines: ["a"] });
  await simulation.start("a");
  const host = simulation.host("a");
  const spec = { name: "web", provider: "virtual", params: {} };
  simulation.begin("a", async (node) => void (await node.deploy([spec])));
  while (host.history.length === 0) await simulation.run(1);
  host.isDown = true;
  await simulation.run(ms);
  assert.equal(host.running().length, 1, "nobody knows of it yet");
  host.isDown = false;
  return simulation;
}

async function runsOnce(simulation: Simulation): Promise<void> {
  await simulation.run(60_000);
  const host = simulation.host("a");
  const [first, second] = host.history;
  assert.ok(first?.ended !== undefined && second !== undefined);
  assert.ok(first.ended.atMs <= second.startedAt);
  assert.equal(host.running().length, 1);
  assert.deepEqual(simulation.violations, []);
}

test("a task whose start was not seen is ended before another is started", async () => {
  await runsOnce(await startedUnseen(3_000));
});

test("so it is by the next life of a node that has meanwhile tried again in vain", async () => {
  const simulation = await startedUnseen(10_000);
  simulation.crash("a");
  await simulation.start("a");
  await runsOnce(simulation);
});
