import assert from "node:assert/strict";
import { test } from "node:test";
import { Simulation } from "../../src/simulator/simulation.ts";
import { seededRandom } from "../../src/simulator/virtual-env.ts";
import { instanceOf } from "./told.ts";

const machines = ["a", "b", "c"];

async function network(): Promise<Simulation> {
  const simulation = new Simulation({ seed: 5, machines });
  for (const name of machines) {
    await simulation.start(name);
    if (name !== "a") await simulation.ask(name, (node) => node.join("a:6666"));
  }
  return simulation;
}

function service(name: string, requires: readonly string[], more: object = {}): object {
  return { name, provider: "virtual", requires, ...more };
}

/** A chain over three machines: db on a, api on b, web on c. */
const chain = [
  service("db", [], { placement: { constraints: ["node.name == a"] } }),
  service("api", ["db"], { placement: { constraints: ["node.name == b"] } }),
  service("web", ["api"], { placement: { constraints: ["node.name == c"] } }),
];

async function runningChain(): Promise<Simulation> {
  const simulation = await network();
  await simulation.ask("b", (node) => node.deploy(chain));
  await simulation.run(3_000);
  assert.deepEqual(states(simulation), { db: "running", api: "running", web: "running" });
  return simulation;
}

function states(simulation: Simulation): Readonly<Record<string, string>> {
  const told = (name: string) => instanceOf(simulation, "c", name).state;
  return { db: told("db"), api: told("api"), web: told("web") };
}

/** Starts of tasks since `sinceMs`, in their order. */
function starts(simulation: Simulation, sinceMs: number): readonly string[] {
  return machines
    .flatMap((name) => simulation.host(name).history)
    .filter(({ startedAt }) => startedAt >= sinceMs)
    .sort((one, other) => one.startedAt - other.startedAt)
    .map((task) => task.service);
}

const orders = 1_000;
const atOnce = 50;

test("whatever the order of a thousand deploys, from whichever nodes, all run in the end, parents first", async () => {
  const simulation = await network();
  const random = seededRandom(11, "orders");
  for (let round = 0; round < orders / atOnce; round++) {
    const begunMs = simulation.now;
    const names: string[][] = [];
    for (let i = 0; i < atOnce; i++) {
      const [db, api, web] = [`db-${round}-${i}`, `api-${round}-${i}`, `web-${round}-${i}`];
      names.push([db, api, web]);
      const specs = [service(db, []), service(api, [db]), service(web, [api, db])];
      // All from one node in any order, or each from a node of its own, at once or one after the other.
      for (const spec of specs.sort(() => random() - 0.5)) {
        const machine = machines[Math.floor(random() * machines.length)] ?? "a";
        simulation.begin(machine, (node) => node.deploy([spec]));
        if (random() < 0.3) await simulation.run(random() * 300);
      }
    }
    await simulation.run(10_000);
    const order = starts(simulation, begunMs);
    for (const of of names) {
      assert.deepEqual(
        of.map((name) => instanceOf(simulation, "b", name).state),
        ["running", "running", "running"],
        of.join(),
      );
      assert.deepEqual(
        order.filter((name) => of.includes(name)),
        of,
        "each once, none before what it requires",
      );
    }
    await simulation.ask("a", (node) => node.act("remove", names.flat()));
  }
  assert.deepEqual(simulation.violations, []);
});

test("a restart goes through a chain over three machines, in its order and once each", async () => {
  const simulation = await runningChain();
  const sinceMs = simulation.now;
  await simulation.ask("c", (node) => node.act("restart", ["db"]));
  await simulation.run(5_000);
  assert.deepEqual(starts(simulation, sinceMs), ["db", "api", "web"]);
  assert.deepEqual(states(simulation), { db: "running", api: "running", web: "running" });
});

test("so does the end of a task that its policy restarts", async () => {
  const simulation = await runningChain();
  const sinceMs = simulation.now;
  const { instance } = instanceOf(simulation, "a", "db");
  assert.ok(instance !== null);
  simulation.host("a").kill(instance);
  await simulation.run(5_000);
  assert.deepEqual(starts(simulation, sinceMs), ["db", "api", "web"]);
});

test("what a user stops takes along all that requires it, and brings it back when it is started", async () => {
  const simulation = await runningChain();
  await simulation.ask("c", (node) => node.act("stop", ["db"]));
  await simulation.run(5_000);
  assert.deepEqual(states(simulation), { db: "stopped", api: "pending", web: "pending" });
  assert.match(instanceOf(simulation, "a", "api").reason ?? "", /waits for db \(is stopped\)/);
  const sinceMs = simulation.now;
  await simulation.ask("c", (node) => node.act("start", ["db"]));
  await simulation.run(5_000);
  assert.deepEqual(starts(simulation, sinceMs), ["db", "api", "web"]);
  await simulation.ask("c", (node) => node.act("remove", ["db"]));
  await simulation.run(5_000);
  const { state, reason } = instanceOf(simulation, "a", "api");
  assert.deepEqual([state, reason], ["pending", "waits for db (is not deployed)"]);
});

test("a node that is away, and comes back, leaves what requires its services alone", async () => {
  const simulation = await runningChain();
  const sinceMs = simulation.now;
  simulation.crash("a");
  await simulation.run(3_000);
  await simulation.start("a", ["b:6666"]);
  await simulation.run(15_000);
  simulation.crash("b");
  await simulation.run(3_000);
  await simulation.start("b", ["a:6666"]);
  await simulation.run(15_000);
  assert.deepEqual(starts(simulation, sinceMs), []);
  assert.deepEqual(states(simulation), { db: "running", api: "running", web: "running" });
});

test("what requires one that is removed is ended once its engine is back, which was away then", async () => {
  const simulation = await runningChain();
  simulation.host("b").isDown = true;
  await simulation.ask("c", (node) => node.act("remove", ["db"]));
  await simulation.run(5_000);
  simulation.host("b").isDown = false;
  await simulation.run(20_000);
  assert.deepEqual(simulation.host("b").running(), []);
  const { state, reason } = instanceOf(simulation, "a", "api");
  assert.deepEqual([state, reason], ["pending", "waits for db (is not deployed)"]);
});

test("so it is if its node crashed meanwhile, and was back before its engine", async () => {
  const simulation = await runningChain();
  simulation.host("b").isDown = true;
  simulation.crash("b");
  await simulation.run(1_000);
  await simulation.ask("c", (node) => node.act("remove", ["db"]));
  await simulation.start("b", ["a:6666"]);
  await simulation.run(5_000);
  assert.equal(simulation.host("b").running().length, 1);
  simulation.host("b").isDown = false;
  await simulation.run(20_000);
  assert.deepEqual(simulation.host("b").running(), []);
});
