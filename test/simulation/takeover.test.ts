import assert from "node:assert/strict";
import { test } from "node:test";
import { Simulation } from "../../src/simulator/simulation.ts";

const count = 1_000;
const others = ["b", "c", "d", "e", "f", "g", "h", "i", "j"];

test("of a thousand services on one of ten nodes each runs elsewhere after it has died, without a herd", async (t) => {
  const simulation = new Simulation({ seed: 1, machines: ["a", ...others] });
  await simulation.start("a");
  const services = Array.from({ length: count }, (_, n) => ({
    name: `s${n}`,
    provider: "virtual",
    params: {},
  }));
  await simulation.ask("a", (node) => node.deploy(services));
  for (const name of others) {
    await simulation.start(name);
    await simulation.ask(name, (node) => node.join("a:6666"));
  }
  await simulation.run(20_000);
  assert.equal(simulation.host("a").running().length, count);
  const diedAt = simulation.now;
  simulation.powerOff("a");
  await simulation.run(40_000);
  const begun = others.map((name) =>
    simulation.host(name).history.filter(({ ended }) => ended === undefined),
  );
  assert.equal(new Set(begun.flat().map(({ service }) => service)).size, count);
  assert.equal(begun.flat().length, count);
  for (const tasks of begun) {
    for (const { startedAt } of tasks) {
      const within = tasks.filter((one) => one.startedAt >= startedAt);
      assert.ok(within.filter((one) => one.startedAt < startedAt + 1_000).length <= 20);
    }
  }
  const worstMs = Math.max(...begun.flat().map(({ startedAt }) => startedAt)) - diedAt;
  t.diagnostic(`the last one started after ${worstMs} ms`);
  assert.ok(worstMs < 20_000, `the last one started after ${worstMs} ms`);
  assert.deepEqual(simulation.violations, []);
});

test("of what ran on hosts of ten that vanish half runs elsewhere within 5 s, and 99 of 100 within 8 s", async (t) => {
  const machines = ["a", ...others];
  const simulation = new Simulation({ seed: 2, machines });
  for (const name of machines) {
    await simulation.start(name);
    if (name !== "a") await simulation.ask(name, (node) => node.join("a:6666"));
  }
  const services = Array.from({ length: 200 }, (_, n) => ({
    name: `s${n}`,
    provider: "virtual",
    params: {},
  }));
  await simulation.ask("a", (node) => node.deploy(services));
  await simulation.run(20_000);
  const awayMs: number[] = [];
  for (const name of others.slice(0, 3)) {
    const ran = simulation.host(name).running().length;
    const diedAt = simulation.now;
    simulation.powerOff(name);
    await simulation.run(20_000);
    const begun = machines
      .filter((other) => other !== name)
      .flatMap((other) => simulation.host(other).history)
      .filter(({ startedAt }) => startedAt > diedAt);
    assert.equal(begun.length, ran);
    awayMs.push(...begun.map(({ startedAt }) => startedAt - diedAt));
    // Back, it is the emptiest: what the next one leaves goes there, at its pace.
    simulation.powerOn(name);
    await simulation.start(name);
    await simulation.run(60_000);
  }
  const inOrder = awayMs.toSorted((one, other) => one - other);
  const ofAll = (part: number) => inOrder[Math.ceil(part * inOrder.length) - 1] ?? assert.fail();
  const [median, late] = [ofAll(0.5), ofAll(0.99)];
  t.diagnostic(`of ${awayMs.length}: median ${median} ms, p99 ${late} ms`);
  assert.ok(median <= 5_000, `median ${median} ms`);
  assert.ok(late <= 8_000, `p99 ${late} ms`);
  assert.deepEqual(simulation.violations, []);
});
