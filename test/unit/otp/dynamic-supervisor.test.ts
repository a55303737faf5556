import assert from "node:assert/strict";
import { test } from "node:test";
import { startChild, terminateChild, whichChildren } from "../../../src/otp/children.ts";
import type { Restart } from "../../../src/otp/definition.ts";
import { dynamicSupervisor } from "../../../src/otp/dynamic-supervisor.ts";
import { type ActorWorld, withActors } from "../../support/actor-world.ts";

async function startPool(world: ActorWorld, ids: readonly string[], restart: Restart) {
  await world.system.start(dynamicSupervisor({ name: "pool", intensity: 5 }));
  for (const id of ids) {
    await startChild(world.system, "pool", { id, start: world.probe(id), restart });
  }
  world.takeEvents();
}

test("a child that crashes is started again, alone", () =>
  withActors(async (world) => {
    await startPool(world, ["a", "b"], "transient");
    await world.crash("a");
    assert.deepEqual(world.takeEvents(), ["end a: crashed: a", "start a"]);
  }));

test("a child that ended for good is forgotten, and its id free", () =>
  withActors(async (world) => {
    await startPool(world, ["a", "b"], "transient");
    await world.ask("a", "stop", { kind: "normal" });
    await terminateChild(world.system, "pool", "b");
    assert.deepEqual(await whichChildren(world.system, "pool"), []);
    await startChild(world.system, "pool", { id: "a", start: world.probe("a") });
  }));

test("at its end all children are told to stop at once", () =>
  withActors(async (world) => {
    await world.system.start(dynamicSupervisor({ name: "pool" }));
    const terminate = () => new Promise<void>(() => {});
    for (const id of ["a", "b", "c"]) {
      const start = world.probe(id, { terminate });
      await startChild(world.system, "pool", { id, start, shutdown: 1_000 });
    }
    const stopping = world.system.stop("pool");
    await world.env.advance(1_000);
    await stopping;
    assert.deepEqual(world.alive, []);
  }));

test("it gives up when its children together exceed the intensity", () =>
  withActors(async (world) => {
    await startPool(world, ["a", "b"], "permanent");
    for (const id of ["a", "b", "a", "b", "a"]) await world.crash(id);
    assert.deepEqual(world.alive, ["a", "b"]);
    await world.crash("b");
    assert.deepEqual(world.alive, []);
  }));
