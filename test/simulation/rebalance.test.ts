import assert from "node:assert/strict";
import { test } from "node:test";
import { Simulation } from "../../src/simulator/simulation.ts";

const machines = ["a", "b", "c", "d"];

/** Three nodes of four machines, with these services spread over them. */
async function network(services: readonly object[]): Promise<Simulation> {
  const simulation = new Simulation({ seed: 1, machines });
  await simulation.start("a");
  for (const name of ["b", "c"]) await join(simulation, name);
  await simulation.ask("a", (node) => node.deploy(services));
  await simulation.run(5_000);
  return simulation;
}

async function join(simulation: Simulation, name: string): Promise<void> {
  await simulation.start(name);
  await simulation.ask(name, (node) => node.join("a:6666"));
}

function service(name: string, more: object): object {
  return { name, provider: "virtual", params: {}, rebalance: true, ...more };
}

/** Tasks of a service that run, by machine. */
function running(simulation: Simulation, name: string): readonly number[] {
  return machines.map((machine) => {
    const tasks = [...simulation.host(machine).tasks.values()];
    return tasks.filter((task) => task.service === name && task.ended === undefined).length;
  });
}

const sum = (counts: readonly number[]) => counts.reduce((so, count) => so + count, 0);

test("a node that joins is given its share after a minute, one a second, and none is missing meanwhile", async () => {
  const names = ["x", "y", "z"];
  const more = { instances: 10, update: { order: "start-first" } };
  const simulation = await network(names.map((name) => service(name, more)));
  await join(simulation, "d");
  const joinedAt = simulation.now;
  const host = simulation.host("d");
  const totals = () => {
    const all = names.map((name) => running(simulation, name));
    return machines.map((_, at) => sum(all.map((counts) => counts[at] ?? 0)));
  };
  for (let round = 0; round < 1_200; round++) {
    await simulation.run(100);
    for (const name of names) assert.ok(sum(running(simulation, name)) >= 10, name);
  }
  // The others know of it a moment before it is told that it is in.
  const [first, ...others] = host.history.map(({ startedAt }) => startedAt);
  assert.ok(first !== undefined && first >= joinedAt + 60_000 - 1_000, "none within the minute");
  let last = first;
  for (const startedAt of others) {
    assert.ok(startedAt - last > 900, `${startedAt - last} ms after the one before`);
    last = startedAt;
  }
  assert.deepEqual(totals().toSorted(), [7, 7, 8, 8]);
  for (const name of names) {
    const counts = running(simulation, name);
    assert.equal(sum(counts), 10);
    assert.ok(Math.max(...counts) - Math.min(...counts) <= 1, `${name}: ${counts}`);
  }
  const begun = machines.map((machine) => simulation.host(machine).history.length);
  await simulation.run(120_000);
  const after = machines.map((machine) => simulation.host(machine).history.length);
  assert.deepEqual(after, begun, "and then nothing moves");
  assert.deepEqual(simulation.violations, []);
});

test("what is ended before the other begins never runs twice, and what does not ask for it is not moved", async () => {
  const stopFirst = { instances: 6, update: { order: "stop-first" } };
  const simulation = await network([
    service("moved", stopFirst),
    service("left", { instances: 6, rebalance: false }),
  ]);
  await join(simulation, "d");
  let least = 6;
  for (let round = 0; round < 1_200; round++) {
    await simulation.run(100);
    const count = sum(running(simulation, "moved"));
    assert.ok(count <= 6, "never more than there are to be");
    least = Math.min(least, count);
  }
  assert.ok(least >= 5);
  assert.equal(running(simulation, "moved")[3], 2);
  assert.deepEqual(running(simulation, "left"), [2, 2, 2, 0]);
  assert.deepEqual(simulation.violations, []);
});
