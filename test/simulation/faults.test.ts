import assert from "node:assert/strict";
import { test } from "node:test";
import { Simulation } from "../../src/simulator/simulation.ts";
import { Chaos, type ChaosOptions } from "./chaos.ts";
import { instanceOf } from "./told.ts";

/** Tries another range: `MOB_SEEDS=1000-1200`. The default takes a few seconds. */
const [firstSeed = 1, lastSeed = 20] = (process.env["MOB_SEEDS"] ?? "1-20").split("-").map(Number);

/** Simulations share a global of the process, so one comes after the other. */
async function survives(options: Omit<ChaosOptions, "seed">): Promise<void> {
  for (let seed = firstSeed; seed <= lastSeed; seed++) {
    const chaos = new Chaos({ ...options, seed });
    await chaos.run();
    const problems = chaos.problems();
    const story = `seed ${seed}\n${chaos.log.join("\n")}\n\n${problems.join("\n")}`;
    assert.equal(problems.length, 0, story);
  }
}

test("two nodes that crash at random, with tasks that die, end up as the users wished", () =>
  survives({ machines: ["a", "b"], steps: 25 }));

test("three nodes that crash at random, with tasks that die, end up as the users wished", () =>
  survives({ machines: ["a", "b", "c"], steps: 25 }));

test("killed actors, cut networks and engines that do not answer change nothing about that", () =>
  survives({ machines: ["a", "b", "c"], steps: 30, isHard: true }));

const web = { name: "web", provider: "virtual", params: {} };
const db = { name: "db", provider: "virtual", params: {} };

async function oneNode(): Promise<Simulation> {
  const simulation = new Simulation({ seed: 1, machines: ["a"] });
  await simulation.start("a");
  await simulation.ask("a", (node) => node.deploy([web, db]));
  return simulation;
}

test("no actor of a node takes a task or the node along when it is killed", async () => {
  const simulation = await oneNode();
  const host = simulation.host("a");
  const killed = new Set<string>();
  for (;;) {
    const next = simulation.actorNames("a").find((name) => name !== "mob" && !killed.has(name));
    if (next === undefined) break;
    killed.add(next);
    const before = host.running();
    simulation.kill("a", next);
    await simulation.run(15_000);
    assert.deepEqual(host.running(), before, `after ${next} was killed`);
    const [restarted] = await simulation.ask("a", (node) => node.act("restart", ["web"]));
    const pid = restarted?.instances[0]?.handle["pid"];
    const after = host.running().filter(({ handle }) => handle["pid"] === pid);
    assert.equal(after.length, 1, `web restarts after ${next} was killed`);
    assert.ok(!before.some(({ handle }) => handle["pid"] === pid));
    assert.deepEqual(simulation.violations, [], `after ${next} was killed`);
  }
  assert.ok(killed.size > 8);
});

test("an instance whose engine does not answer gives up neither itself nor its node", async () => {
  const simulation = await oneNode();
  const host = simulation.host("a");
  const before = host.running();
  host.isDown = true;
  simulation.crash("a");
  await simulation.start("a");
  const asked = simulation.begin("a", (node) => node.act("remove", ["web"]));
  await simulation.run(60_000);
  assert.deepEqual(host.running(), before);
  host.isDown = false;
  await simulation.run(30_000);
  assert.ok(asked.outcome !== undefined && "value" in asked.outcome);
  assert.deepEqual(
    host.running().map(({ instance }) => instance),
    before.slice(1).map(({ instance }) => instance),
  );
  assert.deepEqual(
    simulation
      .operations("a")
      .instances()
      .map(({ name, state }) => `${name} ${state}`),
    ["db running"],
  );
  assert.deepEqual(simulation.violations, []);
});

test("nodes that placed one service each on their side of a cut end with one task", async () => {
  const simulation = new Simulation({ seed: 1, machines: ["a", "b"] });
  await simulation.start("a");
  await simulation.start("b");
  await simulation.ask("a", (node) => node.join("b:6666"));
  simulation.cut("a", "b");
  await simulation.run(10_000);
  await simulation.ask("a", (node) => node.deploy([web]));
  await simulation.ask("b", (node) => node.deploy([web]));
  const running = () => ["a", "b"].flatMap((name) => simulation.host(name).running());
  assert.equal(running().length, 2);
  simulation.heal();
  await simulation.run(30_000);
  const [info] = simulation.operations("a").instances();
  assert.deepEqual(simulation.operations("b").instances(), [info]);
  assert.deepEqual(
    running().map(({ instance }) => instance),
    [info?.instance],
  );
  assert.equal(info?.state, "running");
});

test("removed and deployed again at once, a service is the new one and runs once", async () => {
  const simulation = await oneNode();
  for (let round = 0; round < 5; round++) {
    const removal = simulation.begin("a", (node) => node.act("remove", ["web"]));
    await simulation.run(round * 8);
    await simulation.ask("a", (node) => node.deploy([{ ...web, params: { v: round } }]));
    await simulation.run(20_000);
    assert.ok(removal.outcome !== undefined);
    const infos = simulation.operations("a").instances();
    const tasks = [...simulation.host("a").tasks.values()].filter(({ ended }) => !ended);
    const running = tasks
      .map(({ service, params }) => `${service} ${JSON.stringify(params)}`)
      .sort();
    const isThere = infos.some(({ name }) => name === "web");
    assert.deepEqual(running, isThere ? ["db {}", `web {"v":${round}}`] : ["db {}"]);
  }
});

test("an instance whose actors keep failing leaves the others alone, and is taken up again", async () => {
  const simulation = await oneNode();
  const before = simulation.host("a").running();
  const web = instanceOf(simulation, "a", "web").instance;
  for (let time = 0; time < 8; time++) {
    simulation.kill("a", `provider-worker/${web}`);
    await simulation.run(20);
  }
  assert.ok(!simulation.actorNames("a").includes(`provider-worker/${web}`));
  const [outcome] = await simulation.ask("a", (node) => node.act("stop", ["web"]));
  assert.equal(outcome?.instances[0]?.state, "stopped");
  const left = simulation.host("a").running();
  assert.deepEqual(
    left,
    before.filter(({ instance }) => instance !== web),
  );
  assert.deepEqual(simulation.violations, []);
});

test("a join that was answered survives the loss of power on both machines", async () => {
  const simulation = new Simulation({ seed: 1, machines: ["a", "b"] });
  await simulation.start("a");
  await simulation.start("b");
  await simulation.ask("a", (node) => node.join("b:6666"));
  simulation.crash("a");
  simulation.crash("b");
  await simulation.start("b");
  await simulation.start("a");
  await simulation.run(5_000);
  const states = simulation
    .operations("b")
    .nodes()
    .map(({ name, state }) => `${name} ${state}`);
  assert.deepEqual(states, ["a alive", "b alive"]);
});

test("what was removed on one side of a cut stays so, whatever the other side made of it", async () => {
  const simulation = new Simulation({ seed: 1, machines: ["a", "b"] });
  await simulation.start("a");
  await simulation.start("b");
  await simulation.ask("a", (node) => node.join("b:6666"));
  await simulation.ask("a", (node) => node.deploy([web]));
  await simulation.run(5_000);
  simulation.cut("a", "b");
  await simulation.run(10_000);
  await simulation.ask("a", (node) => node.act("remove", ["web"]));
  await simulation.ask("b", (node) => node.deploy([{ ...web, params: { v: 2 } }]));
  simulation.heal();
  await simulation.run(30_000);
  for (const name of ["a", "b"]) {
    assert.deepEqual(simulation.operations(name).instances(), []);
    assert.deepEqual(simulation.host(name).running(), []);
  }
  await simulation.run(150_000);
  const specs = { kinds: new Set(["spec", "run", "removed"]) };
  for (const name of ["a", "b"]) {
    assert.deepEqual(simulation.operations(name).instances(), []);
    assert.deepEqual(simulation.records(name).list(specs), []);
    assert.equal(simulation.records(name).tombstones, 0);
  }
});

test("a deploy with another provider that the node offers too ends the old task, then starts the new", async () => {
  const simulation = await oneNode();
  const host = simulation.host("a");
  const before = instanceOf(simulation, "a", "web");
  await simulation.ask("a", (node) => node.deploy([{ ...web, provider: "virtual-too" }]));
  const after = instanceOf(simulation, "a", "web");
  assert.equal(after.state, "running");
  assert.equal(after.provider, "virtual-too");
  assert.notEqual(after.instance, before.instance);
  const [old, next] = host.history.filter(({ service }) => service === "web");
  assert.equal(old?.found.instance, before.instance);
  assert.equal(next?.found.instance, after.instance);
  assert.ok(old.ended !== undefined && old.ended.atMs <= next.startedAt);
  assert.equal(host.running().filter(({ instance }) => instance === after.instance).length, 1);
  await simulation.run(15_000);
  assert.equal(host.tasks.size, 2, "nothing but the tasks of web and db");
});

test("a status that was lost on its way is told again", async () => {
  const simulation = await oneNode();
  const host = simulation.host("a");
  const { instance } = instanceOf(simulation, "a", "web");
  simulation.suspend("a", "store");
  const [task] = host.running().filter((found) => found.instance === instance);
  if (task !== undefined) host.kill(task.instance);
  await simulation.run(100);
  simulation.kill("a", "store");
  await simulation.run(12_000);
  const web = instanceOf(simulation, "a", "web");
  const running = host.running().filter((found) => found.instance === instance);
  assert.deepEqual(
    running.map(({ handle }) => handle),
    [web.handle],
  );
  assert.equal(web.restarts, 1);
});
