import assert from "node:assert/strict";
import { test } from "node:test";
import { InvalidSpec } from "../../src/core/errors.ts";
import { Simulation } from "../../src/simulator/simulation.ts";

const machines = ["a", "b", "c"];

async function network(seed = 1): Promise<Simulation> {
  const simulation = new Simulation({ seed, machines });
  for (const name of machines) {
    await simulation.start(name);
    if (name !== "a") await simulation.ask(name, (node) => node.join("a:6666"));
  }
  return simulation;
}

function db(more: object = {}): object {
  const volumes = [{ from: "data", at: "/srv/data" }];
  return { name: "db", provider: "virtual", params: {}, volumes, ...more };
}

/** The machine on which the one task of `service` runs; undefined: none does. */
function placeOf(simulation: Simulation, service = "db"): string | undefined {
  const running = machines.filter((name) =>
    [...simulation.host(name).tasks.values()].some((it) => it.service === service && !it.ended),
  );
  assert.ok(running.length <= 1, `${service} runs on ${running.join()}`);
  return running[0];
}

function otherThan(home: string): string {
  return machines.find((name) => name !== home) ?? "";
}

test("a service waits for the machine of its volume, and runs there again and nowhere else", async () => {
  for (const seed of [1, 2, 3]) {
    const simulation = await network(seed);
    await simulation.ask("a", (node) => node.deploy([db()]));
    await simulation.run(2_000);
    const home = placeOf(simulation);
    assert.ok(home !== undefined);
    const other = otherThan(home);
    simulation.powerOff(home);
    await simulation.run(90_000);
    assert.equal(placeOf(simulation), undefined);
    const [waiting] = simulation.operations(other).service("db").instances;
    assert.equal(waiting?.state, "pending");
    assert.equal(waiting?.reason, `volume data is on ${home}, which is dead`);
    await simulation.start(home);
    await simulation.run(30_000);
    assert.equal(placeOf(simulation), home);
    await simulation.ask(other, (node) => node.act("remove", ["db"]));
    await simulation.run(5_000);
    await simulation.ask(other, (node) => node.deploy([db()]));
    await simulation.run(5_000);
    assert.equal(placeOf(simulation), home, "deployed anew");
    assert.deepEqual(simulation.violations, []);
  }
});

test("a drained machine keeps what uses its volume, and says so; what is stopped waits", async () => {
  const simulation = await network();
  await simulation.ask("a", (node) => node.deploy([db()]));
  await simulation.run(2_000);
  const home = placeOf(simulation) ?? "";
  const { instances } = await simulation.ask(otherThan(home), (node) => node.drain(home));
  assert.match(instances[0]?.reason ?? "", new RegExp(`volume data, which is on ${home}`));
  assert.equal(placeOf(simulation), home);
  await simulation.ask("a", (node) => node.act("remove", ["db"]));
  await simulation.ask("a", (node) => node.deploy([db()]));
  const [waiting] = simulation.operations("a").service("db").instances;
  assert.equal(waiting?.state, "pending");
  assert.match(waiting?.reason ?? "", new RegExp(`${home} is drained`));
  await simulation.ask("a", (node) => node.undrain(home));
  await simulation.run(15_000);
  assert.equal(placeOf(simulation), home);
  assert.deepEqual(simulation.violations, []);
});

test("of two services only one is given a volume, also where both are deployed at the same moment", async () => {
  const simulation = await network();
  await simulation.ask("a", (node) => node.deploy([db()]));
  await simulation.run(2_000);
  const second = db({ name: "other" });
  await assert.rejects(
    simulation.ask("b", (node) => node.deploy([second])),
    (error) =>
      error instanceof InvalidSpec &&
      error.details[0]?.path === "volumes[0].from" &&
      error.details[0].message.includes("volume data is that of db"),
  );
  for (const seed of [1, 2, 3, 4, 5]) {
    const race = await network(seed);
    race.begin("a", (node) => node.deploy([db()]));
    race.begin("b", (node) => node.deploy([second]));
    await race.run(30_000);
    const places = [placeOf(race), placeOf(race, "other")];
    assert.equal(places.filter((place) => place !== undefined).length, 1, places.join());
    assert.deepEqual(race.violations, []);
  }
});

test("an update ends the writer before the next begins, and scaling to two is refused", async () => {
  const simulation = await network();
  await simulation.ask("a", (node) => node.deploy([db()]));
  await simulation.ask("b", (node) => node.deploy([db({ env: { VERSION: 2 } })]));
  await simulation.run(30_000);
  assert.ok(placeOf(simulation) !== undefined);
  await assert.rejects(
    simulation.ask("a", (node) => node.scale("db", 2)),
    { code: "invalid_spec", message: "db cannot be scaled" },
  );
  assert.deepEqual(simulation.violations, []);
});

test("a volume is removed by name, on whatever machine it is, once no service uses it", async () => {
  const simulation = await network();
  await simulation.ask("a", (node) => node.deploy([db()]));
  await simulation.run(2_000);
  const home = placeOf(simulation) ?? "";
  const other = otherThan(home);
  const remove = () => simulation.ask(other, (node) => node.removeVolume("data"));
  await assert.rejects(remove(), { code: "conflict" });
  await simulation.ask(other, (node) => node.act("remove", ["db"]));
  await simulation.run(1_000);
  assert.deepEqual(
    simulation
      .operations(other)
      .volumes()
      .map(({ name }) => name),
    ["data"],
  );
  simulation.crash(home);
  await simulation.run(5_000);
  await assert.rejects(remove(), { code: "unavailable" });
  await simulation.start(home);
  await simulation.run(5_000);
  await remove();
  await simulation.run(1_000);
  for (const name of machines) assert.deepEqual(simulation.operations(name).volumes(), []);
  await assert.rejects(remove(), { code: "not_found" });
});

/** Names of the machines on which volumes are, by name of the volume. */
function homes(simulation: Simulation, asked: string): Readonly<Record<string, string>> {
  const node = simulation.operations(asked);
  return Object.fromEntries(node.volumes().map((one) => [one.name, node.nodeName(one.node)]));
}

/** A network with a volume: the machine that it is on, and another one. */
async function withVolume(seed: number) {
  const simulation = await network(seed);
  await simulation.ask("a", (node) => node.deploy([db()]));
  await simulation.run(2_000);
  const home = placeOf(simulation) ?? "";
  return { simulation, home, other: otherThan(home) };
}

/** Has the home of the volume forgotten. @returns where it is after that: elsewhere */
async function forgotten(simulation: Simulation, home: string, asked: string): Promise<string> {
  await simulation.ask(asked, (node) => node.forget(home));
  await simulation.run(15_000);
  const next = placeOf(simulation);
  assert.ok(next !== undefined && next !== home);
  assert.deepEqual(homes(simulation, asked), { data: next });
  return next;
}

test("a machine that is forgotten gives its volume up: what waits for it begins with an empty one", async () => {
  for (const seed of [1, 2, 3]) {
    const { simulation, home, other } = await withVolume(seed);
    simulation.powerOff(home);
    await simulation.run(60_000);
    assert.equal(placeOf(simulation), undefined);
    const next = await forgotten(simulation, home, other);
    const [instance] = simulation.operations(other).service("db").instances;
    assert.deepEqual([instance?.state, instance?.restarts], ["running", 0]);
    simulation.powerOn(home);
    await simulation.start(home);
    await simulation.run(30_000);
    assert.equal(placeOf(simulation), next, "the volume that was made anew is the one");
    assert.deepEqual(homes(simulation, home), { data: next });
    assert.deepEqual(simulation.violations, []);
  }
});

test("a volume that no service named is given up with its machine as well, by the next that names it", async () => {
  for (const seed of [1, 2, 3]) {
    const { simulation, home, other } = await withVolume(seed);
    await simulation.ask(other, (node) => node.act("remove", ["db"]));
    await simulation.run(5_000);
    simulation.powerOff(home);
    await simulation.run(30_000);
    await simulation.ask(other, (node) => node.deploy([db()]));
    assert.equal(placeOf(simulation), undefined);
    await forgotten(simulation, home, other);
    assert.deepEqual(simulation.violations, []);
  }
});
