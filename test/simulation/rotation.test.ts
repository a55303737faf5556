/**
 * The network's keys rotate under load: deploys go on through every node while a key is installed, used
 * and the old one removed, and nodes crash and come back on the way. Nothing that is asked may fail for it.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import type { KeyKeeperProtocol, KeysInfo } from "../../src/actors/key-keeper.ts";
import { names } from "../../src/actors/names.ts";
import { Simulation } from "../../src/simulator/simulation.ts";

const machines = ["a", "b", "c"];

async function network(seed: number): Promise<Simulation> {
  const simulation = new Simulation({ seed, machines });
  await simulation.start("a");
  await simulation.start("b", ["a:6666"]);
  await simulation.start("c", ["a:6666"]);
  await settled(simulation, () => everyoneIsConnected(simulation));
  await simulation.run(5_000); // Known to each other; now everyone has met everyone too.
  return simulation;
}

function everyoneIsConnected(simulation: Simulation): boolean {
  const up = machines.filter((name) => simulation.isUp(name));
  return up.every(
    (name) =>
      simulation
        .operations(name)
        .nodes()
        .filter(({ isLive }) => isLive).length === up.length,
  );
}

/** Lets time go on until `condition` holds. */
async function settled(simulation: Simulation, condition: () => boolean): Promise<void> {
  for (let waited = 0; !condition(); waited += 100) {
    assert.ok(waited < 60_000, "in vain");
    await simulation.run(100);
  }
}

function keysOf(simulation: Simulation, name: string): Promise<KeysInfo> {
  return simulation.call<KeyKeeperProtocol, "list">(name, names.keyKeeper, "list", undefined);
}

function install(simulation: Simulation, name: string): Promise<KeysInfo> {
  return simulation.call<KeyKeeperProtocol, "install">(name, names.keyKeeper, "install", undefined);
}

function step(
  simulation: Simulation,
  name: string,
  method: "use" | "remove",
  key: string,
): Promise<KeysInfo> {
  return simulation.call<KeyKeeperProtocol, typeof method>(name, names.keyKeeper, method, { key });
}

const spec = (name: string) => ({ name, provider: "virtual", params: {} });

test("a whole rotation fails no deploy, and every node ends with the new key alone", async () => {
  for (const seed of [1, 2, 3]) {
    const simulation = await network(seed);
    const deploys = (round: number) =>
      machines.map((name) =>
        simulation.begin(name, (operations) => operations.deploy([spec(`s${round}-${name}`)])),
      );
    const asked = deploys(0);
    const { keys } = await install(simulation, "b");
    asked.push(...deploys(1));
    const [old, fresh] = keys.map(({ id }) => id);
    assert.ok(old !== undefined && fresh !== undefined);
    assert.deepEqual(
      keys.map(({ missing }) => missing),
      [[], []],
    );
    await step(simulation, "c", "use", fresh);
    asked.push(...deploys(2));
    await step(simulation, "a", "remove", old);
    asked.push(...deploys(3));
    await settled(simulation, () => asked.every(({ outcome }) => outcome !== undefined));
    for (const { outcome } of asked) assert.ok(outcome && "value" in outcome, inspect(outcome));
    for (const name of machines) {
      const held = await keysOf(simulation, name);
      assert.deepEqual(held.keys, [{ id: fresh, state: "in use", revision: 2, missing: [] }]);
    }
    assert.deepEqual(simulation.violations, []);
  }
});

test("a node that crashes between the steps comes back by itself, whichever step it missed", async () => {
  for (const missed of ["use", "remove"] as const) {
    const simulation = await network(7);
    const { keys } = await install(simulation, "a");
    const [old = "", fresh = ""] = keys.map(({ id }) => id);
    const others = () => everyoneIsConnected(simulation);
    if (missed === "remove") await step(simulation, "a", "use", fresh);
    simulation.crash("c");
    await settled(simulation, others);
    if (missed === "use") await step(simulation, "a", "use", fresh);
    await step(simulation, "b", "remove", old);
    await simulation.start("c");
    await settled(simulation, () => everyoneIsConnected(simulation));
    await simulation.run(1_000);
    const held = await keysOf(simulation, "c");
    assert.deepEqual(
      held.keys.map(({ id }) => id),
      [fresh],
    );
  }
});

test("a node that was away for the whole rotation stays out, and says that its key is another", async () => {
  const simulation = await network(8);
  simulation.crash("c");
  await settled(simulation, () => everyoneIsConnected(simulation));
  const { keys, away } = await install(simulation, "a");
  assert.deepEqual(away, ["c"]);
  const [old = "", fresh = ""] = keys.map(({ id }) => id);
  await step(simulation, "a", "use", fresh);
  await step(simulation, "a", "remove", old);
  await simulation.start("c");
  await simulation.run(10_000);
  assert.equal(everyoneIsConnected(simulation), false);
  await assert.rejects(
    simulation.ask("c", (operations) => operations.join("a:6666")),
    /another key by now.*mob token join/s,
  );
});

test("a step is refused while a live node cannot be asked, and names it", async () => {
  const simulation = await network(9);
  const { keys } = await install(simulation, "a");
  const [, fresh = ""] = keys.map(({ id }) => id);
  simulation.suspend("c", names.keyKeeper);
  await simulation.run(10);
  await assert.rejects(step(simulation, "a", "use", fresh), {
    code: "conflict",
    message: /cannot be used yet: c could not be asked/,
  });
});
