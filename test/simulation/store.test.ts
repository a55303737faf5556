import assert from "node:assert/strict";
import { test } from "node:test";
import { registersOn } from "../../src/simulator/invariants/registers-on.ts";
import { Simulation } from "../../src/simulator/simulation.ts";
import { compareStamps } from "../../src/store/hlc.ts";
import { type Change, toldOf } from "../../src/store/watching.ts";
import { Chaos } from "./chaos.ts";

const machines = ["a", "b", "c", "d", "e"] as const;
const service = (name: string, v = 1) => ({ name, provider: "virtual", params: { v } });
const names = Array.from({ length: 12 }, (_, n) => `s${n}`);

async function fiveNodes(seed: number): Promise<Simulation> {
  const simulation = new Simulation({ seed, machines });
  for (const machine of machines) await simulation.start(machine);
  for (const machine of machines.slice(1)) {
    await simulation.ask("a", (node) => node.join(`${machine}:6666`));
  }
  await simulation.run(5_000);
  return simulation;
}

test("five nodes that crash, are cut off and lose actors end up as the users wished", async () => {
  for (let seed = 1; seed <= 4; seed++) {
    const chaos = new Chaos({ seed, machines, steps: 25, isHard: true });
    await chaos.run();
    const problems = chaos.problems();
    assert.equal(problems.length, 0, `${seed}\n${chaos.log.join("\n")}\n${problems.join("\n")}`);
  }
});

test("of five nodes three are to have a write on disk, and say so", async () => {
  const simulation = await fiveNodes(1);
  for (const name of names) {
    const [outcome] = await simulation.ask("b", (node) => node.deploy([service(name)]));
    assert.equal(outcome?.receipt.replicas, 3);
    assert.ok((outcome?.receipt.acks.length ?? 0) >= 2);
    assert.equal(outcome?.receipt.partitioned, false);
  }
});

test("a copy that no one waits for is on the disk of every node as well, soon", async () => {
  const simulation = await fiveNodes(5);
  await simulation.ask("a", (node) => node.deploy([service("web")]));
  await simulation.run(5_000);
  for (const machine of machines) {
    const kept = registersOn(simulation.machine(machine).disk.image());
    assert.ok(kept.has("spec/web"), machine);
  }
});

test("what was acknowledged survives a crash of all five at once and the loss of one for good", async () => {
  const simulation = await fiveNodes(2);
  await simulation.ask("a", (node) => node.deploy(names.map((name) => service(name))));
  for (const machine of machines) simulation.crash(machine);
  for (const machine of machines.slice(1)) await simulation.start(machine);
  await simulation.run(30_000);
  for (const machine of machines.slice(1)) {
    const known = simulation.operations(machine).instances();
    assert.deepEqual(known.map(({ name }) => name).sort(), [...names].sort());
  }
});

test("a shard that is opened while the supervisor of shards is killed can be written from then on", async () => {
  const simulation = new Simulation({ seed: 1, machines: ["a"] });
  await simulation.start("a");
  for (let n = 0; n < 20; n++) {
    const name = `k${n}`;
    simulation.begin("a", (node) => node.deploy([service(name)]));
    await simulation.run(0.01 * n); // As many turns of actors as it takes from the question to the shard.
    simulation.kill("a", "shards");
    await simulation.run(5_000);
    const [outcome] = await simulation.ask("a", (node) => node.deploy([service(name, 2)]));
    assert.equal(outcome?.receipt.acks.length, 1);
  }
});

test("a watch goes on over the deaths of the nodes that it follows, with nothing told twice", async () => {
  const simulation = await fiveNodes(3);
  const told: Change[] = [];
  const specs = { kinds: new Set(["spec"]) };
  let ended = Promise.resolve();
  const follow = async (machine: string) => {
    await ended;
    const watching = new AbortController();
    const last = new Map(told.map((change) => [change.key, toldOf(change)]));
    const watch = simulation.records(machine).watch(specs, [...last.values()], watching.signal);
    ended = (async () => {
      for await (const changes of watch) told.push(...changes);
    })();
    return watching;
  };
  let watching = await follow("a");
  await simulation.ask("b", (node) => node.deploy(names.map((name) => service(name))));
  simulation.crash("a");
  watching.abort();
  watching = await follow("b");
  await simulation.run(5_000);
  await simulation.ask("c", (node) =>
    node.deploy(names.slice(0, 6).map((name) => service(name, 2))),
  );
  await simulation.ask("c", (node) => node.act("remove", names.slice(6, 8)));
  simulation.crash("b");
  await simulation.run(5_000);
  await simulation.ask("d", (node) => node.act("remove", names.slice(8, 9)));
  watching.abort();
  watching = await follow("c");
  await simulation.start("a");
  await simulation.run(10_000);
  watching.abort();
  await ended;

  const seen = told.map(({ key, stamp }) => `${key} ${JSON.stringify(stamp)}`);
  assert.equal(new Set(seen).size, seen.length);
  const known = new Map<string, Change>();
  for (const change of told) {
    const before = known.get(change.key);
    assert.ok(before === undefined || compareStamps(change.stamp, before.stamp) > 0);
    known.set(change.key, change);
  }
  const left = [...known.values()].filter(({ value }) => value !== undefined);
  const there = simulation.records("d").list(specs);
  assert.deepEqual(left.map(({ key }) => key).sort(), there.map(({ key }) => key).sort());
  for (const { key, value } of there) assert.deepEqual(known.get(key)?.value, value);
});

test("of two writes of two sides the one that does not hold is in the history on every node", async () => {
  const simulation = new Simulation({ seed: 5, machines: ["a", "b"] });
  await simulation.start("a");
  await simulation.start("b");
  await simulation.ask("a", (node) => node.join("b:6666"));
  await simulation.ask("a", (node) => node.deploy([service("web", 1)]));
  simulation.cut("a", "b");
  await simulation.run(20_000);
  await simulation.ask("a", (node) => node.deploy([service("web", 2)]));
  await simulation.ask("b", (node) => node.deploy([service("web", 3)]));
  simulation.heal();
  await simulation.run(60_000);
  for (const machine of ["a", "b"]) {
    const history = simulation.operations(machine).history("web");
    const specs = history.filter(({ kind }) => kind === "spec");
    const lost = history.filter(({ kind }) => kind === "lost");
    assert.equal(specs.length, 1);
    const words = lost.map((one) => (one.kind === "lost" ? one.record?.key : undefined));
    assert.deepEqual(words.sort(), ["run/web", "spec/web"]);
    assert.deepEqual(history, simulation.operations("a").history("web"));
  }
  assert.throws(() => simulation.operations("a").history("db"), { code: "not_found" });
  assert.throws(() => simulation.operations("a").history("DB"), { code: "bad_request" });
});

test("what was deployed anew after a removal stays, though the other side wrote what was removed later", async () => {
  const simulation = new Simulation({ seed: 7, machines: ["a", "b"] });
  await simulation.start("a");
  await simulation.start("b");
  await simulation.ask("a", (node) => node.join("b:6666"));
  await simulation.ask("a", (node) => node.deploy([service("web", 1)]));
  simulation.cut("a", "b");
  await simulation.run(20_000);
  await simulation.ask("a", (node) => node.act("remove", ["web"]));
  await simulation.ask("a", (node) => node.deploy([service("web", 2)]));
  await simulation.ask("b", (node) => node.deploy([service("web", 3)]));
  simulation.heal();
  await simulation.run(60_000);
  for (const machine of ["a", "b"]) {
    const [web] = simulation.catalog(machine).servicesUnder("web");
    assert.deepEqual(web?.member.spec.params, { v: 2 });
    const [instance] = simulation.operations(machine).instances();
    assert.equal(instance?.state, "running");
  }
});

test("of two writes of one instant the origin decides, and the same on every node", async () => {
  const simulation = new Simulation({ seed: 6, machines: ["a", "b"] });
  await simulation.start("a");
  await simulation.start("b");
  await simulation.ask("a", (node) => node.join("b:6666"));
  simulation.cut("a", "b");
  await simulation.run(20_000);
  for (const [v, machine] of ["a", "b"].entries()) {
    simulation.begin(machine, (node) => node.deploy([service("web", v)]));
  }
  await simulation.run(5_000);
  const stamps = ["a", "b"].map((machine) => {
    const [spec] = simulation.records(machine).list({ kinds: new Set(["spec"]) });
    assert.ok(spec !== undefined);
    return spec.stamp;
  });
  const [one, other] = stamps.map(({ wall, counter }) => ({ wall, counter }));
  assert.deepEqual(one, other);
  simulation.heal();
  await simulation.run(60_000);
  const [newest] = stamps.sort((a, b) => compareStamps(b, a));
  for (const machine of ["a", "b"]) {
    const [spec] = simulation.records(machine).list({ kinds: new Set(["spec"]) });
    assert.deepEqual(spec?.stamp, newest);
  }
});

test("what was removed everywhere leaves no tombstone behind", async () => {
  const simulation = await fiveNodes(4);
  await simulation.ask("a", (node) => node.deploy(names.map((name) => service(name))));
  await simulation.ask("a", (node) => node.act("remove", names));
  const tombstones = () => machines.map((machine) => simulation.records(machine).tombstones);
  assert.ok(tombstones().every((count) => count > 0));
  await simulation.run(150_000);
  assert.deepEqual(
    tombstones(),
    machines.map(() => 0),
  );
});
