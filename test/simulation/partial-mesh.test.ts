/** More nodes than are all connected with each other. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Simulation } from "../../src/simulator/simulation.ts";

const machines = Array.from({ length: 12 }, (_, n) => `m${n + 1}`);
const membership = { meshPeersMax: 1, onDemandMax: 4, idleMs: 8_000 };

async function network(seed: number): Promise<Simulation> {
  const simulation = new Simulation({ seed, machines, membership });
  for (const name of machines) await simulation.start(name);
  for (const name of machines.slice(1)) {
    await simulation.ask("m1", (node) => node.join(`${name}:6666`));
  }
  await simulation.run(20_000);
  return simulation;
}

/** Of all nodes: a control and a bulk one for each peer. */
function connections(simulation: Simulation): number {
  const counts = machines.map((name) => simulation.network.connectionsOf(name));
  return counts.reduce((all, some) => all + some, 0);
}

test("any node takes any command, though it is not connected with whoever decides", async () => {
  const simulation = await network(1);
  const quiet = connections(simulation);
  assert.ok(quiet < machines.length * (machines.length - 1), `${quiet} of twice as many`);
  for (const [at, name] of machines.entries()) {
    const spec = { name: `web-${at}`, provider: "virtual", params: {} };
    const [told] = await simulation.ask(name, (node) => node.deploy([spec]));
    assert.ok(told !== undefined && told.receipt.acks.length >= 2, "on a majority of its homes");
  }
  await simulation.run(5_000);
  const lists = machines.map((name) =>
    simulation
      .operations(name)
      .instances()
      .map(({ name: of, state }) => `${of} ${state}`),
  );
  for (const list of lists) {
    assert.equal(list.length, machines.length);
    assert.ok(list.every((line) => line.endsWith(" running")));
    assert.deepEqual(list, lists[0]);
  }
  assert.ok(connections(simulation) > quiet, "some were made for it");
  await simulation.run(60_000);
  assert.equal(connections(simulation), quiet, "and closed when they were of no use");
  assert.deepEqual(simulation.violations, []);
});
