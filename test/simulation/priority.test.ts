import assert from "node:assert/strict";
import { test } from "node:test";
import { Simulation } from "../../src/simulator/simulation.ts";

/** Two machines. @param more of what they have */
async function network(more: object = {}): Promise<Simulation> {
  const machines = ["a", "b"];
  const simulation = new Simulation({ seed: 1, machines });
  for (const name of machines) {
    Object.assign(simulation.host(name), more);
    await simulation.start(name);
    if (name !== "a") await simulation.ask(name, (node) => node.join("a:6666"));
  }
  return simulation;
}

function named(name: string, more: object): object {
  return { name, provider: "virtual", params: {}, ...more };
}

test("what is taken over from a lost machine starts at most 20 a second, the most important first", async () => {
  const simulation = await network();
  const services = Array.from({ length: 80 }, (_, n) =>
    named(`s${n}`, { priority: n % 2 === 0 ? 10 : 90 }),
  );
  await simulation.ask("a", (node) => node.deploy(services));
  const host = simulation.host("a");
  const before = host.history.length;
  assert.equal(before, 40);
  simulation.powerOff("b");
  await simulation.run(20_000);
  const begun = host.history.slice(before);
  assert.equal(begun.length, 40);
  for (const { startedAt } of begun) {
    const within = begun.filter((one) => one.startedAt >= startedAt);
    assert.ok(within.filter((one) => one.startedAt < startedAt + 1_000).length <= 20);
  }
  // It does not wait for those that it has yet to hear of.
  const isImportant = begun.slice(2).map(({ service }) => Number(service.slice(1)) % 2 === 1);
  assert.deepEqual(
    isImportant,
    isImportant.toSorted((one, other) => Number(other) - Number(one)),
  );
  assert.deepEqual(simulation.violations, []);
});

test("what comes free goes to the most important that waits, though it asks for more", async () => {
  const simulation = await network({ capacity: { memoryBytes: 1e9, milliCpus: 1_000 } });
  const resources = (memory: string) => ({ resources: { memory } });
  const placement = { placement: { constraints: ["node.name == a"] } };
  const first = ["one", "two"].map((name) =>
    named(name, { ...placement, ...resources("500MB"), priority: 100 }),
  );
  await simulation.ask("a", (node) => node.deploy(first));
  const large = named("large", { ...placement, ...resources("900MB"), priority: 60 });
  const small = named("small", { ...placement, ...resources("100MB"), instances: 3 });
  await simulation.ask("a", (node) => node.deploy([large]));
  await simulation.ask("b", (node) => node.deploy([small]));
  const runs = (service: string) =>
    [...simulation.host("a").tasks.values()].filter(
      (task) => task.service === service && task.ended === undefined,
    ).length;
  await simulation.ask("a", (node) => node.act("remove", ["one"]));
  await simulation.run(60_000);
  assert.deepEqual(["large", "small"].map(runs), [0, 0], "500 MB are kept for what waits");
  await simulation.ask("a", (node) => node.act("remove", ["two"]));
  await simulation.run(30_000);
  assert.deepEqual(["large", "small"].map(runs), [1, 1]);
  assert.deepEqual(simulation.violations, []);
});
