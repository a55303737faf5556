import assert from "node:assert/strict";
import { test } from "node:test";
import { Simulation } from "../../src/simulator/simulation.ts";

const machines = ["a", "b", "c"];

async function network(): Promise<Simulation> {
  const simulation = new Simulation({ seed: 1, machines });
  for (const name of machines) await join(simulation, name);
  return simulation;
}

async function join(simulation: Simulation, name: string): Promise<void> {
  await simulation.start(name);
  if (name !== "a") await simulation.ask(name, (node) => node.join("a:6666"));
}

function web(more: object): object {
  return { name: "web", provider: "virtual", params: {}, ...more };
}

/** Machines on which tasks of web run, one entry a task. */
function running(simulation: Simulation): readonly string[] {
  return machines.flatMap((machine) =>
    simulation
      .host(machine)
      .running()
      .map(() => machine),
  );
}

test("a service is scaled up and down, one instance a node while there are some", async () => {
  const simulation = await network();
  const [deployed] = await simulation.ask("a", (node) => node.deploy([web({ instances: 3 })]));
  assert.deepEqual(
    deployed?.instances.map(({ state }) => state),
    ["running", "running", "running"],
  );
  assert.deepEqual(running(simulation), machines);
  const kept = simulation.host("a").running();
  const more = await simulation.ask("b", (node) => node.scale("web", 7));
  assert.equal(more.instances.length, 7);
  assert.ok(more.instances.every(({ state }) => state === "running"));
  assert.equal(running(simulation).length, 7);
  const fewer = await simulation.ask("c", (node) => node.scale("web", 1));
  assert.equal(fewer.instances.length, 1);
  assert.equal(running(simulation).length, 1, "the answer comes once the others are gone");
  const none = await simulation.ask("c", (node) => node.scale("web", 0));
  assert.deepEqual([none.instances, running(simulation)], [[], []]);
  assert.ok(kept.length === 1);
  assert.deepEqual(simulation.violations, []);
});

test("everywhere follows the nodes, and a node that comes back has its own again", async () => {
  const simulation = new Simulation({ seed: 1, machines });
  await join(simulation, "a");
  await join(simulation, "b");
  await simulation.ask("a", (node) => node.deploy([web({ instances: "everywhere" })]));
  assert.deepEqual(running(simulation), ["a", "b"]);
  await join(simulation, "c");
  await simulation.run(5_000);
  assert.deepEqual(running(simulation), machines);
  const [before] = simulation.host("c").running();
  simulation.crash("c");
  await simulation.run(60_000);
  assert.deepEqual(running(simulation), machines, "its tasks run on, and no other stands in");
  await simulation.start("c");
  await simulation.run(15_000);
  assert.deepEqual(simulation.host("c").running(), [before]);
  assert.deepEqual(simulation.violations, []);
});

test("a drained node hands over without a gap, says what stays, and is used again", async () => {
  const simulation = await network();
  const specs = [web({ instances: 3 }), { ...web({ restart: "none" }), name: "job" }];
  await simulation.ask("a", (node) => node.deploy(specs));
  const places = () => simulation.operations("a").instances();
  const at = places().find(({ name }) => name === "job")?.node;
  assert.ok(at != null);
  const outcome = await simulation.ask("a", (node) => node.drain(at));
  assert.equal(outcome.node, at);
  const job = outcome.instances.find(({ name }) => name === "job");
  assert.match(job?.reason ?? "", /is a job/);
  const moved = outcome.instances.filter(({ name }) => name === "web");
  for (const { node, reason } of moved) {
    assert.notEqual(node, at);
    assert.equal(reason, undefined);
  }
  const tasks = machines.flatMap((name) => simulation.host(name).history);
  const ofWeb = tasks.filter(({ service }) => service === "web");
  for (const ended of ofWeb.filter((task) => task.ended !== undefined)) {
    const after = ofWeb.filter(
      (task) => task.ended === undefined && task.startedAt <= (ended.ended?.atMs ?? 0),
    );
    assert.equal(after.length, 3, "three run whenever one is ended");
  }
  assert.equal(ofWeb.filter((task) => task.ended === undefined).length, 3);
  await simulation.ask("b", (node) => node.undrain(at));
  await simulation.ask("b", (node) => node.scale("web", 9));
  assert.ok(places().some(({ name, node }) => name === "web" && node === at));
  assert.deepEqual(simulation.violations, []);
});

test("one that is to end serves on for its delay, and is told everywhere as what is to end", async () => {
  const simulation = await network();
  const stop = { delay: "1m" };
  const [deployed] = await simulation.ask("a", (node) => node.deploy([web({ stop })]));
  assert.equal(deployed?.instances[0]?.state, "running");
  const [machine = ""] = running(simulation);
  const states = () =>
    machines.map((on) =>
      simulation
        .operations(on)
        .instances()
        .map(({ state }) => state),
    );
  // The answer does not wait that long.
  await simulation.ask("b", (node) => node.act("stop", ["web"]));
  assert.deepEqual(running(simulation), [machine]);
  assert.deepEqual(states(), [["stopping"], ["stopping"], ["stopping"]]);
  await simulation.run(60_000);
  assert.deepEqual(running(simulation), []);
  assert.deepEqual(states(), [["stopped"], ["stopped"], ["stopped"]]);

  await simulation.ask("b", (node) => node.act("start", ["web"]));
  await simulation.ask("b", (node) => node.act("stop", ["web"]));
  const [again = ""] = running(simulation);
  const [task] = simulation.host(again).running();
  assert.ok(task !== undefined);
  simulation.host(again).kill(task.instance);
  await simulation.run(1_000);
  assert.deepEqual(states(), [["stopped"], ["stopped"], ["stopped"]], "it ended by itself");
  assert.deepEqual(simulation.violations, []);
});

test("a restart that takes longer than its answer may names the instances that are not there yet", async () => {
  const simulation = await network();
  await simulation.ask("a", (node) => node.deploy([web({ instances: 3 })]));
  const at = new Map(
    simulation
      .operations("a")
      .instances()
      .map(({ node, slot }) => [node, slot]),
  );
  const slot = at.get(simulation.operations("b").node);
  simulation.host("b").isDown = true;
  const [outcome] = await simulation.ask("a", (node) => node.act("restart", ["web"]));
  assert.deepEqual(
    outcome?.unfinished.map((one) => one.slot),
    [slot],
  );
  simulation.host("b").isDown = false;
  await simulation.run(60_000);
  const [after] = await simulation.ask("a", (node) => node.act("start", ["web"]));
  assert.deepEqual(after?.unfinished, []);
});

const unfinishedOf = (
  outcome: { unfinished: readonly { name: string; slot: number }[] } | undefined,
) => outcome?.unfinished.map(({ name, slot }) => `${name}/${slot}`);

test("what cannot come about now is not waited for, and named as not as wanted", async () => {
  const simulation = await network();
  const cases = [
    { ...web({ name: "nowhere" }), placement: { constraints: ["node.name == nobody"] } },
    { ...web({ name: "waits", requires: ["nobody"] }) },
    { ...web({ name: "large" }), resources: { memory: "900GB" } },
  ];
  const begunAt = simulation.now;
  const outcomes = await simulation.ask("a", (node) => node.deploy(cases));
  assert.deepEqual(outcomes.map(unfinishedOf), [["nowhere/0"], ["waits/0"], ["large/0"]]);
  assert.ok(simulation.now - begunAt < 15_000, "nobody waited in vain");
  const [started] = await simulation.ask("b", (node) => node.act("restart", ["waits"]));
  assert.deepEqual(unfinishedOf(started), ["waits/0"]);
  const stopped = await simulation.ask("b", (node) => node.act("stop", ["nowhere", "waits"]));
  assert.deepEqual(stopped.map(unfinishedOf), [[], []], "as wanted, nothing of it runs");
});

test("of a group, the first that cannot run and those that wait for it are named", async () => {
  const simulation = await network();
  const db = { ...web({ name: "db" }), placement: { constraints: ["node.name == nobody"] } };
  const shop = { name: "shop", services: [web({ name: "log" }), db, web({ name: "api" })] };
  const [outcome] = await simulation.ask("a", (node) => node.deploy([shop]));
  assert.deepEqual(unfinishedOf(outcome), ["shop/db/0", "shop/api/0"]);
});

test("what requires the one of its group that it waits for anyway tells it once", async () => {
  const simulation = await network();
  const db = { ...web({ name: "db" }), placement: { constraints: ["node.name == nobody"] } };
  const shop = { name: "shop", services: [db, web({ name: "api", requires: ["db"] })] };
  const [outcome] = await simulation.ask("a", (node) => node.deploy([shop]));
  assert.equal(outcome?.instances[1]?.reason, "waits for shop/db (is pending)");
});

test("a job that is done is as wanted, and what has failed is told as that alone", async () => {
  const simulation = await network();
  const jobs = [
    web({ name: "job", restart: "none", params: { runMs: 100 } }),
    web({ name: "bad", restart: "none", params: { runMs: 100, exitCode: 1 } }),
  ];
  await simulation.ask("a", (node) => node.deploy(jobs));
  await simulation.run(1_000);
  const told = await simulation.ask("a", (node) => node.deploy(jobs));
  assert.deepEqual(
    told.map((one) => [one.instances[0]?.state, unfinishedOf(one)]),
    [
      ["done", []],
      ["failed", []],
    ],
  );
});
