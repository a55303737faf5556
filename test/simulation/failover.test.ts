import assert from "node:assert/strict";
import { test } from "node:test";
import type { InstanceInfo } from "../../src/actors/service-view.ts";
import { Simulation } from "../../src/simulator/simulation.ts";
import { instanceOf } from "./told.ts";

const machines = ["a", "b", "c"];

interface Network {
  readonly simulation: Simulation;
  /** Where tasks of a service run, by machine. */
  running(service: string): readonly string[];
  /** What the node of a machine tells of a service. */
  told(machine: string, service: string): Pick<InstanceInfo, "state" | "instance">;
}

/** Three nodes, and the services s0 to s5 spread over them. */
async function network(spec: object = {}): Promise<Network> {
  const simulation = new Simulation({ seed: 1, machines });
  for (const name of machines) {
    await simulation.start(name);
    if (name !== "a") await simulation.ask(name, (node) => node.join("a:6666"));
  }
  const services = Array.from({ length: 6 }, (_, at) => ({
    name: `s${at}`,
    provider: "virtual",
    params: {},
    ...spec,
  }));
  await simulation.ask("a", (node) => node.deploy(services));
  const running = (service: string) =>
    machines.filter((name) =>
      [...simulation.host(name).tasks.values()].some(
        (task) => task.service === service && task.ended === undefined,
      ),
    );
  const told = (machine: string, service: string) => instanceOf(simulation, machine, service);
  for (const { name } of services) assert.equal(running(name).length, 1);
  return { simulation, running, told };
}

const names = Array.from({ length: 6 }, (_, at) => `s${at}`);

/** Those that run on the machine. */
function on({ running }: Network, machine: string): readonly string[] {
  return names.filter((name) => running(name).includes(machine));
}

/** When the task of a service that runs on a machine was started. */
function task({ simulation }: Network, machine: string, service: string): number | undefined {
  const tasks = [...simulation.host(machine).tasks.values()];
  return tasks.find((one) => one.service === service && one.ended === undefined)?.startedAt;
}

function assertOnceEach({ running, told }: Network): void {
  for (const name of names) {
    assert.equal(running(name).length, 1, `${name} runs on ${running(name)}`);
    assert.equal(told("a", name).state, "running");
  }
}

test("what ran on a machine that lost its power runs elsewhere within seconds, the rest untouched", async () => {
  const net = await network();
  const lost = on(net, "c");
  const others = names.filter((name) => !lost.includes(name));
  const before = others.map((name) => net.told("a", name).instance);
  assert.ok(lost.length > 0);
  net.simulation.powerOff("c");
  await net.simulation.run(12_000);
  assertOnceEach(net);
  assert.deepEqual(
    others.map((name) => net.told("a", name).instance),
    before,
  );
  net.simulation.powerOn("c");
  await net.simulation.start("c");
  await net.simulation.run(30_000);
  assertOnceEach(net);
  assert.deepEqual(on(net, "c"), [], "what was taken over stays where it is");
  assert.deepEqual(net.simulation.violations, []);
});

test("a node that is back within the grace goes on with its tasks, as if nothing had been", async () => {
  const net = await network();
  const before = names.map((name) => net.told("a", name).instance);
  net.simulation.crash("c");
  await net.simulation.run(8_000);
  await net.simulation.start("c");
  await net.simulation.run(30_000);
  assertOnceEach(net);
  assert.deepEqual(
    names.map((name) => net.told("a", name).instance),
    before,
  );
});

test("one that is back later goes on with its tasks, and what others have taken over is ended", async () => {
  const net = await network();
  const lost = on(net, "c");
  net.simulation.crash("c");
  await net.simulation.run(9_000);
  for (const name of lost) assert.deepEqual(net.running(name), ["c"]);
  await net.simulation.run(10_000);
  for (const name of lost)
    assert.equal(net.running(name).length, 2, "its tasks run on, kept by none");
  const before = lost.map((name) => task(net, "c", name));
  await net.simulation.start("c");
  await net.simulation.run(30_000);
  assertOnceEach(net);
  assert.deepEqual(
    lost.map((name) => task(net, "c", name)),
    before,
  );
  assert.deepEqual(net.simulation.violations, []);
});

test("a service with a longer grace waits for its node; a job is lost and not run again", async () => {
  for (const spec of [{ restart_grace: "10m" }, { restart: "none" }]) {
    const net = await network(spec);
    const lost = on(net, "c");
    net.simulation.crash("c");
    await net.simulation.run(120_000);
    for (const name of lost) assert.deepEqual(net.running(name), ["c"]);
  }
  const net = await network({ restart: "none" });
  const lost = on(net, "c");
  net.simulation.powerOff("c");
  await net.simulation.run(120_000);
  for (const name of lost) {
    assert.deepEqual(net.running(name), []);
    assert.equal(net.told("a", name).state, "lost");
  }
});

test("each side of a partition runs everything, and once it is healed everything runs once", async () => {
  const net = await network();
  net.simulation.cut("a", "c");
  net.simulation.cut("b", "c");
  await net.simulation.run(60_000);
  for (const name of names) {
    const where = net.running(name);
    assert.ok(where.includes("c"), `${name} runs on the side of c`);
    assert.equal(where.length, 2, `${name} runs on ${where}`);
  }
  net.simulation.heal();
  await net.simulation.run(30_000);
  assertOnceEach(net);
  for (const name of names) assert.deepEqual(net.told("a", name), net.told("c", name));
  assert.deepEqual(net.simulation.violations, []);
});

test("of two nodes the one that is left takes over, and takes commands", async () => {
  const simulation = new Simulation({ seed: 1, machines: ["a", "b"] });
  for (const name of ["a", "b"]) await simulation.start(name);
  await simulation.ask("b", (node) => node.join("a:6666"));
  const services = names.map((name) => ({ name, provider: "virtual", params: {} }));
  await simulation.ask("a", (node) => node.deploy(services));
  simulation.powerOff("a");
  await simulation.run(12_000);
  assert.equal(simulation.host("b").running().length, names.length);
  await simulation.ask("b", (node) =>
    node.deploy([{ name: "new", provider: "virtual", params: {} }]),
  );
  await simulation.ask("b", (node) => node.act("remove", ["s0"]));
  assert.equal(simulation.host("b").running().length, names.length);
});

/** Two nodes, and on the second, at rest: one that runs, one that has failed, a job that is done, one that is stopped. */
async function atRest(): Promise<Simulation> {
  const simulation = new Simulation({ seed: 1, machines: ["a", "b"] });
  await simulation.start("a");
  await simulation.start("b", ["a:6666"]);
  await simulation.run(2_000);
  const placement = { constraints: ["node.name == b"] };
  const restart = { policy: "always", intensity: { restarts: 0, within: "1h" } };
  const on = (name: string, more: object) => ({
    name,
    provider: "virtual",
    params: {},
    placement,
    ...more,
  });
  await simulation.ask("a", (node) =>
    node.deploy([
      on("up", {}),
      on("failing", { params: { runMs: 1_000, exitCode: 3 }, restart }),
      on("job", { params: { runMs: 1_000 }, restart: "none" }),
      on("stopped", {}),
    ]),
  );
  await simulation.ask("a", (node) => node.act("stop", ["stopped"]));
  await simulation.run(10_000);
  return simulation;
}

test("of a node that is away only what may have a task is told to run on; the rest keeps its reason", async () => {
  const simulation = await atRest();
  const told = (name: string) => instanceOf(simulation, "a", name);
  const resting = ["failing", "job", "stopped"];
  const before = resting.map(told);
  assert.deepEqual(
    before.map(({ state }) => state),
    ["failed", "done", "stopped"],
  );
  assert.match(before[0]?.reason ?? "", /restarts? within/);
  simulation.crash("b");
  await simulation.run(5_000);
  const { state, reason } = told("up");
  assert.deepEqual([state, reason], ["running", "its node b is away; its tasks run on"]);
  for (const [at, name] of resting.entries()) {
    const now = told(name);
    assert.deepEqual([now.state, now.reason], [before[at]?.state, before[at]?.reason], name);
  }
});

test("a node that was forgotten keeps its name where it is told of, and what was on it has no handle", async () => {
  const simulation = await atRest();
  assert.ok("pid" in instanceOf(simulation, "a", "up").handle);
  simulation.powerOff("b");
  await simulation.run(60_000);
  await simulation.ask("a", (node) => node.forget("b"));
  await simulation.run(30_000);
  const { state, reason, handle, node } = instanceOf(simulation, "a", "up");
  assert.equal(state, "lost");
  assert.equal(reason, "its node b was forgotten; it was running when last heard of");
  assert.deepEqual(handle, {});
  assert.ok(node !== null);
  assert.equal(simulation.operations("a").nodeName(node), "b");
});
