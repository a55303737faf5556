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
