import assert from "node:assert/strict";
import { test } from "node:test";
import { Simulation } from "../../src/simulator/simulation.ts";

const web = { name: "web", provider: "virtual", params: {} };
const api = { name: "api", provider: "virtual", params: {}, requires: ["db"] };
const db = { name: "db", provider: "virtual", params: {} };

/** Two nodes join, run services, one crashes, a task dies, it comes back. */
async function wholeStory(seed: number): Promise<Simulation> {
  const simulation = new Simulation({ seed, machines: ["a", "b"] });
  await simulation.start("a");
  await simulation.start("b");
  await simulation.ask("a", (node) => node.join("b:6666"));
  await simulation.ask("a", (node) => node.deploy([web, api]));
  await simulation.ask("b", (node) => node.deploy([db]));
  await simulation.run(5_000);
  simulation.crash("b");
  await simulation.run(20_000);
  await simulation.start("b");
  await simulation.run(20_000);
  return simulation;
}

test("two whole nodes join, deploy, crash and restart, and agree at the end", async () => {
  const simulation = await wholeStory(1);
  const [onA, onB] = ["a", "b"].map((name) => simulation.operations(name).instances());
  assert.deepEqual(onA, onB);
  const states = onA?.map(({ name, state }) => `${name} ${state}`);
  assert.deepEqual(states, ["api running", "db running", "web running"]);
  const running = ["a", "b"].flatMap((name) => simulation.host(name).running());
  assert.equal(running.length, 3);
  assert.deepEqual(simulation.violations, []);
});

test("one seed gives one trace, another seed another", async (t) => {
  const first = await wholeStory(7);
  const second = await wholeStory(7);
  const other = await wholeStory(8);
  t.diagnostic(`seed 7: ${first.trace.hash()}`);
  t.diagnostic(`seed 7: ${second.trace.hash()}`);
  assert.deepEqual(first.trace.last(5), second.trace.last(5));
  assert.equal(first.trace.hash(), second.trace.hash());
  assert.notEqual(first.trace.hash(), other.trace.hash());
});
