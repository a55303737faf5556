import assert from "node:assert/strict";
import { test } from "node:test";
import { InvalidSpec } from "../../src/core/errors.ts";
import { Simulation } from "../../src/simulator/simulation.ts";

const machines = ["a", "b", "c"];

/** Machines with room for two of `web` each. */
async function network(names: readonly string[] = machines, seed = 1): Promise<Simulation> {
  const simulation = new Simulation({ seed, machines });
  for (const name of machines) {
    simulation.host(name).capacity = { memoryBytes: 1e9, milliCpus: 1_000 };
  }
  for (const name of names) await join(simulation, name);
  return simulation;
}

async function join(simulation: Simulation, name: string): Promise<void> {
  await simulation.start(name);
  if (name !== "a") await simulation.ask(name, (node) => node.join("a:6666"));
}

function web(more: object = {}): object {
  const resources = { memory: "400MB", cpu: 0.1 };
  return { name: "web", provider: "virtual", params: {}, resources, ...more };
}

/** Tasks that run on each machine. */
function running(simulation: Simulation): readonly number[] {
  return machines.map((machine) => simulation.host(machine).running().length);
}

test("more work than room waits with every node's numbers, and gets what comes free, or comes anew", async () => {
  const simulation = await network(["a", "b"]);
  await simulation.ask("a", (node) => node.deploy([web({ instances: 7 })]));
  await simulation.run(5_000);
  assert.deepEqual(running(simulation), [2, 2, 0]);
  const waiting = simulation
    .operations("b")
    .service("web")
    .instances.filter(({ state }) => state === "pending");
  assert.equal(waiting.length, 3);
  const left = "has 200MB of 1GB memory left, and 400MB are wanted";
  for (const { reason } of waiting) {
    assert.equal(reason, `no node can take it: a ${left}; b ${left}`);
  }
  await join(simulation, "c");
  await simulation.run(15_000);
  assert.deepEqual(running(simulation), [2, 2, 2]);
  simulation.powerOff("b");
  await simulation.run(60_000);
  assert.deepEqual(running(simulation), [2, 0, 2]);
  await simulation.ask("a", (node) => node.scale("web", 1));
  await simulation.ask("a", (node) => node.deploy([web({ name: "other", instances: 3 })]));
  await simulation.run(15_000);
  assert.deepEqual(running(simulation), [2, 0, 2], "freed room is given away");
  assert.deepEqual(simulation.violations, []);
});

test("many deciders at once never start more on a node than it has room for, and all that fits runs", async () => {
  for (const seed of [1, 2, 3, 4, 5]) {
    const simulation = await network(machines, seed);
    const names = Array.from({ length: 9 }, (_, n) => `web-${n}`);
    for (const [n, name] of names.entries()) {
      simulation.begin(machines[n % 3] ?? "a", (node) => node.deploy([web({ name })]));
    }
    await simulation.run(40_000);
    assert.deepEqual(running(simulation), [2, 2, 2], `seed ${seed}`);
    assert.deepEqual(simulation.violations, []);
  }
});

test("on a node that was killed the room is still that of what runs on there", async () => {
  for (const stopped of ["one", "two", "three"]) {
    const simulation = await network(["a"]);
    simulation.host("b").capacity = { memoryBytes: 0, milliCpus: 0 };
    await join(simulation, "b");
    const others = ["one", "two", "three"].filter((name) => name !== stopped);
    await simulation.ask("a", (node) => node.deploy([web({ name: stopped })]));
    await simulation.ask("a", (node) => node.act("stop", [stopped]));
    await simulation.ask("a", (node) => node.deploy(others.map((name) => web({ name }))));
    await simulation.run(2_000);
    assert.deepEqual(running(simulation), [2, 0, 0]);
    simulation.crash("a");
    await simulation.run(1_000);
    await simulation.ask("b", (node) => node.act("start", [stopped]));
    await simulation.start("a");
    await simulation.run(20_000);
    assert.deepEqual(running(simulation), [2, 0, 0]);
    const state = (name: string) => simulation.operations("b").service(name).instances[0]?.state;
    assert.deepEqual([stopped, ...others].map(state), ["pending", "running", "running"]);
    assert.deepEqual(simulation.violations, []);
  }
});

test("what a user stopped, and a job that ended, have no room; once started again it has what is left", async () => {
  const simulation = await network(["a"]);
  const job = { params: { runMs: 1_000 }, restart: "none" };
  await simulation.ask("a", (node) => node.deploy([web({ name: "job", ...job }), web()]));
  await simulation.run(3_000);
  await simulation.ask("a", (node) => node.deploy([web({ name: "next" })]));
  await simulation.run(1_000);
  assert.deepEqual(running(simulation), [2, 0, 0]);
  await simulation.ask("a", (node) => node.act("stop", ["web"]));
  await simulation.ask("a", (node) => node.deploy([web({ name: "last" })]));
  await simulation.run(15_000);
  assert.deepEqual(running(simulation), [2, 0, 0]);
  await simulation.ask("a", (node) => node.act("start", ["web"]));
  await simulation.run(15_000);
  const [instance] = simulation.operations("a").service("web").instances;
  assert.equal(instance?.state, "pending");
  assert.match(instance?.reason ?? "", /a .*has 200MB of 1GB memory left/);
  await simulation.ask("a", (node) => node.act("stop", ["last"]));
  await simulation.run(15_000);
  assert.equal(simulation.operations("a").service("web").instances[0]?.state, "running");
  assert.deepEqual(simulation.violations, []);
});

test("start-first waits until there is room for both, and what runs is left running", async () => {
  const simulation = await network(["a"]);
  const update = { order: "start-first", healthy_for: "1s" };
  await simulation.ask("a", (node) => node.deploy([web({ update }), web({ name: "other" })]));
  await simulation.run(2_000);
  const [first] = simulation.host("a").running();
  simulation.begin("a", (node) => node.deploy([web({ update, env: { V: 2 } })]));
  await simulation.run(30_000);
  assert.ok(
    simulation
      .host("a")
      .running()
      .includes(first ?? assert.fail()),
  );
  await simulation.ask("a", (node) => node.act("remove", ["other"]));
  await simulation.run(30_000);
  assert.deepEqual(running(simulation), [1, 0, 0]);
  assert.notDeepEqual(simulation.host("a").running(), [first]);
  assert.deepEqual(simulation.violations, []);
});

test("what grows beyond its node goes elsewhere, and stays as it is where no node has the room", async () => {
  const simulation = await network(["a", "b"]);
  await simulation.ask("a", (node) => node.deploy([web({ instances: 2 }), web({ name: "other" })]));
  await simulation.run(2_000);
  await simulation.ask("a", (node) =>
    node.deploy([web({ name: "other", resources: { memory: "600MB" } })]),
  );
  await simulation.run(30_000);
  const memory = () =>
    machines.map((machine) => simulation.host(machine).used.memoryBytes / 1e6).sort();
  assert.deepEqual(memory(), [0, 1_000, 400]);
  simulation.begin("a", (node) =>
    node.deploy([web({ name: "other", resources: { memory: "900MB" } })]),
  );
  await simulation.run(30_000);
  assert.deepEqual(memory(), [0, 1_000, 400]);
  assert.deepEqual(simulation.violations, []);
});

test("a provider that limits nothing is refused with the deploy", async () => {
  const simulation = await network(["a"]);
  const spec = web({ provider: "virtual-too" });
  await assert.rejects(
    simulation.ask("a", (node) => node.deploy([spec])),
    (error) => {
      assert.ok(error instanceof InvalidSpec);
      assert.deepEqual(error.details, [
        { path: "resources", message: "virtual-too cannot limit what its tasks use" },
      ]);
      return true;
    },
  );
});
