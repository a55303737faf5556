import assert from "node:assert/strict";
import { test } from "node:test";
import { Simulation } from "../../src/simulator/simulation.ts";

const machines = ["a", "b", "c"];
const names = Array.from({ length: 6 }, (_, at) => `s${at}`);

/** Three nodes, and six services spread over them. */
async function network(seed: number): Promise<Simulation> {
  const simulation = new Simulation({ seed, machines });
  for (const name of machines) {
    await simulation.start(name);
    if (name !== "a") await simulation.ask(name, (node) => node.join("a:6666"));
  }
  const services = names.map((name) => ({ name, provider: "virtual", params: {} }));
  await simulation.ask("a", (node) => node.deploy(services));
  await simulation.run(5_000);
  return simulation;
}

/** Names of the services that have tasks on the machine, sorted, each as often as it has. */
function on(simulation: Simulation, machine: string): readonly string[] {
  const tasks = [...simulation.host(machine).tasks.values()];
  return tasks
    .filter(({ ended }) => ended === undefined)
    .map(({ service }) => service)
    .sort();
}

/** Of the tasks on the machine. */
function starts(simulation: Simulation, machine: string): readonly number[] {
  return [...simulation.host(machine).tasks.values()].map(({ startedAt }) => startedAt);
}

function statesAt(simulation: Simulation, machine: string): string {
  const nodes = simulation.operations(machine).nodes();
  return nodes.map(({ name, state }) => `${name} ${state}`).join();
}

/** The services of the network run once each, on a and b alone. */
function assertTheRestRuns(simulation: Simulation): void {
  assert.deepEqual([...on(simulation, "a"), ...on(simulation, "b")].sort(), names);
}

test("a node that has left starts a network of its own, with nothing of the old one's", async () => {
  const simulation = await network(1);
  assert.ok(on(simulation, "c").length > 0);
  await simulation.ask("c", (node) => node.leave(false));
  simulation.crash("c");
  await simulation.run(5_000);
  await simulation.start("c");
  await simulation.run(60_000);
  assert.deepEqual(on(simulation, "c"), []);
  assert.equal(statesAt(simulation, "c"), "c alive");
  assert.deepEqual(simulation.operations("c").instances(), []);
  assert.equal(simulation.catalog("c").isDrained(simulation.operations("c").node), false);
  assertTheRestRuns(simulation);
  const own = { name: "own", provider: "virtual", params: {} };
  await simulation.ask("c", (node) => node.deploy([own]));
  await simulation.run(5_000);
  assert.deepEqual(on(simulation, "c"), ["own"], "what is deployed there is its own");
  await simulation.ask("c", (node) => node.act("remove", ["own"]));
  await simulation.ask("c", (node) => node.join("a:6666"));
  await simulation.run(60_000);
  assert.equal(statesAt(simulation, "c"), "a alive,b alive,c alive");
  assert.equal(simulation.operations("c").instances().length, names.length);
  assert.deepEqual([...on(simulation, "c")], [], "what was moved away does not move back");
  assertTheRestRuns(simulation);
  assert.deepEqual(simulation.violations, []);
});

test("a node that crashes while it leaves is of its network, or has nothing of it", async () => {
  let alone = 0;
  const moments = 16;
  for (let at = 0; at < moments; at++) {
    const simulation = await network(2);
    await simulation.ask("c", (node) => node.drain("c"));
    const left = simulation.begin("c", (node) => node.leave(false));
    while (statesAt(simulation, "c").includes("c alive")) await simulation.run(1);
    await simulation.run(at / 2);
    simulation.crash("c");
    await simulation.run(5_000);
    await simulation.start("c");
    await simulation.run(60_000);
    const isAlone = statesAt(simulation, "c") === "c alive";
    if (left.outcome !== undefined) assert.ok(isAlone, "it had said that it left");
    if (isAlone) alone++;
    else assert.equal(statesAt(simulation, "c"), "a alive,b alive,c alive");
    assert.deepEqual(on(simulation, "c"), []);
    assertTheRestRuns(simulation);
    assert.deepEqual(simulation.violations, []);
  }
  assert.ok(alone > 0 && alone < moments, `${alone} of ${moments} were alone`);
});

test("one that crashes before it has given all up does so with its next start", async () => {
  let between = 0;
  for (let ms = 0; ms < 20; ms++) {
    const simulation = await network(3);
    await simulation.ask("c", (node) => node.leave(false));
    simulation.crash("c");
    await simulation.run(5_000);
    const start = simulation.launch("c");
    await simulation.run(ms);
    if (start.outcome === undefined) between++;
    simulation.crash("c");
    await simulation.start("c");
    await simulation.run(30_000);
    assert.deepEqual(on(simulation, "c"), []);
    assertTheRestRuns(simulation);
  }
  assert.ok(between > 5, `${between} crashed before they were up`);
});

test("what a node runs that has left at once runs on there, untouched, and nothing else does", async () => {
  const simulation = await network(1);
  const [had, since] = [on(simulation, "c"), starts(simulation, "c")];
  assert.ok(had.length > 0 && had.length < names.length);
  await simulation.ask("c", (node) => node.leave(true));
  simulation.crash("c");
  await simulation.run(20_000);
  assert.deepEqual(on(simulation, "c"), had);
  await simulation.start("c");
  await simulation.run(60_000);
  assert.deepEqual(on(simulation, "c"), had);
  assert.deepEqual(starts(simulation, "c"), since);
  const told = simulation.operations("c").instances();
  assert.deepEqual(told.map(({ name }) => name).sort(), had);
  assert.ok(told.every(({ state }) => state === "running"));
  await simulation.ask("c", (node) => node.act("stop", had));
  await simulation.run(10_000);
  assert.deepEqual(on(simulation, "c"), []);
  assert.deepEqual(simulation.violations, []);
});

test("a volume on the disk of a node that has left stays its own, and it has no other", async () => {
  const simulation = await network(1);
  const [first, second] = [1, 2].map((at) => ({
    name: `db${at}`,
    provider: "virtual",
    params: {},
    volumes: [{ from: `data${at}`, at: `/srv/data${at}` }],
  }));
  await simulation.ask("a", (node) => node.drain("a"));
  await simulation.ask("a", (node) => node.drain("b"));
  await simulation.ask("a", (node) => node.deploy([first]));
  await simulation.ask("a", (node) => node.undrain("a"));
  await simulation.ask("a", (node) => node.drain("c"));
  await simulation.ask("a", (node) => node.deploy([second]));
  await simulation.run(5_000);
  const homes = simulation.operations("a").volumes();
  assert.deepEqual(
    homes.map(({ name, node }) => [name, simulation.operations("a").nodeName(node)]),
    [
      ["data1", "c"],
      ["data2", "a"],
    ],
  );
  await simulation.ask("a", (node) => node.act("remove", ["db1"]));
  await simulation.run(5_000);
  await simulation.ask("c", (node) => node.leave(false));
  await simulation.run(1_000);
  simulation.crash("c");
  await simulation.start("c");
  await simulation.run(30_000);
  assert.deepEqual(
    simulation
      .operations("c")
      .volumes()
      .map(({ name }) => name),
    ["data1"],
  );
  assert.deepEqual(on(simulation, "c"), []);
  await simulation.ask("c", (node) => node.removeVolume("data1"));
  assert.deepEqual(simulation.violations, []);
});
