/** Engines that come and go under nodes that run: what the network is told of them, and what follows. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ProviderFact } from "../../src/membership/view.ts";
import { Simulation } from "../../src/simulator/simulation.ts";
import { instanceOf } from "./told.ts";

const machines = ["a", "b", "c"];

/** Nodes that have joined; the engines of `down` are not there from the start. */
async function network(down: readonly string[], seed = 1): Promise<Simulation> {
  const simulation = new Simulation({ seed, machines });
  for (const name of machines) {
    simulation.host(name).isDown = down.includes(name);
    await simulation.start(name);
    if (name !== "a") await simulation.ask(name, (node) => node.join("a:6666"));
  }
  return simulation;
}

const web = (more: object = {}) => ({ name: "web", provider: "virtual", params: {}, ...more });

/** What the node of `asked` holds of the engine of `machine`. */
function fact(simulation: Simulation, asked: string, machine: string): ProviderFact | undefined {
  const node = simulation
    .operations(asked)
    .nodes()
    .find(({ name }) => name === machine);
  return node?.providers.find(({ type }) => type === "virtual");
}

function assertToldEverywhere(simulation: Simulation, machine: string, available: boolean): void {
  const told = machines.map((asked) => fact(simulation, asked, machine));
  assert.equal(told[0]?.available, available);
  for (const other of told) assert.deepEqual(other, told[0]);
}

const running = (simulation: Simulation) =>
  machines.filter((machine) => simulation.host(machine).running().length > 0);

test("what waits for an engine says so on every node, and runs once that is there", async () => {
  const simulation = await network(machines);
  await simulation.ask("b", (node) => node.deploy([web()]));
  await simulation.run(60_000);
  for (const asked of machines) {
    const { state, reason } = instanceOf(simulation, asked, "web");
    assert.equal(state, "pending");
    assert.match(reason ?? "", /c does not offer virtual \(virtual: not available: the engine/);
  }
  simulation.host("c").isDown = false;
  await simulation.run(35_000);
  assert.deepEqual(running(simulation), ["c"]);
  assert.equal(instanceOf(simulation, "a", "web").state, "running");
  assertToldEverywhere(simulation, "c", true);
  assertToldEverywhere(simulation, "a", false);
  assert.deepEqual(simulation.violations, []);
});

test("an engine that is away takes nothing new, and keeps what it runs, wherever that is wanted", async () => {
  const simulation = await network([]);
  const everywhere = web({ name: "all", instances: "everywhere" });
  await simulation.ask("a", (node) => node.deploy([web({ instances: 3 }), everywhere]));
  await simulation.run(10_000);
  const before = machines.map((machine) => simulation.host(machine).running());
  assert.deepEqual(
    before.map((tasks) => tasks.length),
    [2, 2, 2],
  );
  const b = simulation.host("b");
  b.isDown = true;
  await simulation.run(90_000);
  assertToldEverywhere(simulation, "b", false);
  assert.deepEqual(
    machines.map((machine) => simulation.host(machine).running()),
    before,
  );
  const engineAwaySince = fact(simulation, "a", "b")?.since;
  const reason = "its engine does not tell how it is: the engine does not answer";
  const reasons = (asked: string) =>
    machines.map((machine) => {
      const all = simulation.operations(asked).instances();
      const there = all.filter(({ node }) => node === simulation.operations(machine).node);
      return there.map((told) => [told.state, told.reason, told.engineAwaySince]);
    });
  const fine = ["running", undefined, undefined];
  const untold = ["running", reason, engineAwaySince];
  for (const asked of machines) {
    assert.deepEqual(reasons(asked), [
      [fine, fine],
      [untold, untold],
      [fine, fine],
    ]);
  }
  await simulation.ask("a", (node) => node.deploy([web({ name: "more", instances: 4 })]));
  await simulation.run(10_000);
  assert.deepEqual(
    machines.map((machine) => simulation.host(machine).running().length),
    [4, 2, 4],
  );
  b.isDown = false;
  await simulation.run(60_000);
  assertToldEverywhere(simulation, "b", true);
  assert.deepEqual(
    reasons("a").map((told) => told.length),
    [4, 2, 4],
  );
  assert.deepEqual(reasons("a").flat(), Array(10).fill(fine));
  assert.deepEqual(b.running(), before[1]);
  assert.deepEqual(simulation.violations, []);
});

test("a removal tells what cannot be ended while the engine is away, and that is ended once it is back", async () => {
  const simulation = await network([]);
  const onB = web({ placement: { constraints: ["node.name == b"] } });
  await simulation.ask("a", (node) => node.deploy([onB]));
  const b = simulation.host("b");
  b.isDown = true;
  const [outcome] = await simulation.ask("a", (node) => node.act("remove", ["web"]));
  const reason =
    "what runs on b cannot be ended before its engine is back: the engine does not answer";
  assert.deepEqual(outcome?.remains, [
    { name: "web", slot: 0, state: "running", reason, isStuck: true },
  ]);
  assert.deepEqual(simulation.operations("a").instances(), []);
  await simulation.run(60_000);
  assert.deepEqual(running(simulation), ["b"]);
  b.isDown = false;
  await simulation.run(10_000);
  assert.deepEqual(running(simulation), []);
  assert.deepEqual(simulation.violations, []);
});

test("a removal tells what is left on a node that is lost", async () => {
  const simulation = await network([]);
  const onB = web({ placement: { constraints: ["node.name == b"] } });
  await simulation.ask("a", (node) => node.deploy([onB]));
  simulation.crash("b");
  await simulation.run(3_000);
  const [outcome] = await simulation.ask("a", (node) => node.act("remove", ["web"]));
  const reason = "b is dead: what runs there is ended once it is back";
  assert.deepEqual(outcome?.remains, [
    { name: "web", slot: 0, state: "lost", reason, isStuck: true },
  ]);
  await simulation.start("b");
  await simulation.run(20_000);
  assert.deepEqual(running(simulation), []);
});

test("a start that fails has every node know within seconds that its engine is away", async () => {
  const simulation = await network([]);
  simulation.host("b").isDown = true;
  const onB = web({ placement: { constraints: ["node.name == b"] } });
  await simulation.ask("a", (node) => node.deploy([onB]));
  await simulation.run(8_000);
  assertToldEverywhere(simulation, "b", false);
  simulation.host("b").isDown = false;
  await simulation.run(40_000);
  assertToldEverywhere(simulation, "b", true);
  assert.deepEqual(running(simulation), ["b"]);
});

test("a node that starts before its engine goes on with what it runs, once that is there", async () => {
  const simulation = await network([]);
  await simulation.ask("a", (node) => node.deploy([web({ instances: 3 })]));
  await simulation.run(10_000);
  const b = simulation.host("b");
  const before = b.running();
  const since = () => {
    const { instances } = simulation.operations("a").service("web");
    return instances.map(({ instance, restarts, state, reason }) => {
      return { instance, restarts, state, reason };
    });
  };
  const told = since();
  simulation.crash("b");
  b.isDown = true;
  await simulation.start("b");
  await simulation.run(20_000);
  assert.ok(since().some(({ reason }) => reason?.includes("its engine does not tell how it is")));
  b.isDown = false;
  await simulation.run(60_000);
  assert.deepEqual(b.running(), before);
  assert.deepEqual(since(), told);
  assert.deepEqual(simulation.violations, []);
});

test("engines that flap change what is told of a node at most every five seconds, and end in one view", async () => {
  for (const seed of [1, 2, 3]) {
    const simulation = await network([], seed);
    // Its starts fail whenever the engine is away, and have the node look at it.
    const restless = { params: { runMs: 200 }, restart: { delay: "200ms", factor: 1 } };
    const onB = web({ placement: { constraints: ["node.name == b"] }, ...restless });
    await simulation.ask("a", (node) => node.deploy([onB]));
    await simulation.run(10_000);
    let last = fact(simulation, "a", "b");
    const changes: number[] = [];
    const unwatch = simulation.catalog("a").watch(() => {
      const now = fact(simulation, "a", "b");
      if (now === undefined || JSON.stringify(now) === JSON.stringify(last)) return;
      last = now;
      changes.push(simulation.now);
    });
    const b = simulation.host("b");
    for (let n = 0; n < 80; n++) {
      b.isDown = !b.isDown;
      if (n === 30) simulation.kill("b", "ring-member");
      if (n === 55) simulation.kill("b", "provider-watch");
      await simulation.run(700);
    }
    unwatch();
    assert.ok(changes.length >= 5, `${changes.length}`);
    // One is told as soon as the watch begins, and as soon as it begins again.
    assert.ok(changes.length <= (80 * 0.7) / 5 + 2, `${changes.length}`);
    b.isDown = false;
    await simulation.ask("a", (node) => node.act("stop", ["web"]));
    await simulation.run(60_000);
    for (const machine of machines) assertToldEverywhere(simulation, machine, true);
    assert.deepEqual(simulation.violations, []);
  }
});

test("what a node tells of its engines outlives the actors that tell it", async () => {
  const simulation = await network([]);
  const b = simulation.host("b");
  b.isDown = true;
  await simulation.run(90_000);
  assertToldEverywhere(simulation, "b", false);
  const since = fact(simulation, "a", "b")?.since;
  for (const actor of ["ring-member", "provider-watch", "store"]) {
    simulation.kill("b", actor);
    await simulation.run(60_000);
    assertToldEverywhere(simulation, "b", false);
    assert.equal(fact(simulation, "a", "b")?.since, since, actor);
  }
  simulation.kill("b", "ring-member");
  b.isDown = false;
  await simulation.run(60_000);
  assertToldEverywhere(simulation, "b", true);
});
