/** `renewChild`: supervisor(3)'s `terminate_child` and `restart_child`, as one order of an operator. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { BadRequest, Conflict } from "../../../src/core/errors.ts";
import type { Strategy } from "../../../src/core/strategies.ts";
import {
  renewChild,
  startChild,
  terminateChild,
  whichChildren,
} from "../../../src/otp/children.ts";
import type { Restart } from "../../../src/otp/definition.ts";
import { dynamicSupervisor } from "../../../src/otp/dynamic-supervisor.ts";
import { NoSuchActor, NoSuchChild } from "../../../src/otp/errors.ts";
import { supervisor } from "../../../src/otp/supervisor.ts";
import { type ActorWorld, withActors } from "../../support/actor-world.ts";
import { settle } from "../../support/manual-env.ts";

async function startThree(world: ActorWorld, strategy: Strategy, restart: Restart = "permanent") {
  const children = ["a", "b", "c"].map((id) => ({ id, start: world.probe(id), restart }));
  await world.system.start(supervisor({ name: "sup", strategy, children }));
  world.takeEvents();
}

/** What goes down, the last started first, and up again. */
const expected: Record<Strategy, readonly string[]> = {
  one_for_one: ["end b: shutdown", "start b"],
  rest_for_one: ["end c: shutdown", "end b: shutdown", "start b", "start c"],
  one_for_all: [
    "end c: shutdown",
    "end b: shutdown",
    "end a: shutdown",
    "start a",
    "start b",
    "start c",
  ],
};

for (const strategy of ["one_for_one", "rest_for_one", "one_for_all"] as const) {
  for (const restart of ["permanent", "transient", "temporary"] as const) {
    test(`${strategy}: a ${restart} child is stopped in order and started anew, with what is tied to it`, () =>
      withActors(async (world) => {
        await startThree(world, strategy, restart);
        const before = world.system.whereis("b");
        const after = await renewChild(world.system, "sup", "b");
        assert.deepEqual(world.takeEvents(), expected[strategy]);
        assert.notEqual(after.serial, before?.serial);
        assert.deepEqual(after, world.system.whereis("b"));
        const ids = (await whichChildren(world.system, "sup")).map(({ id, state }) => [id, state]);
        assert.deepEqual(ids, [
          ["a", "running"],
          ["b", "running"],
          ["c", "running"],
        ]);
      }));
  }
}

test("it is no failure: however often it is ordered, the supervisor does not give up", () =>
  withActors(async (world) => {
    await startThree(world, "one_for_one");
    for (let i = 0; i < 10; i++) await renewChild(world.system, "sup", "b");
    assert.deepEqual(world.alive, ["a", "b", "c"]);
    assert.equal(world.system.inspect.status("b").restarts, 10);
    await world.crash("b"); // The intensity of 1 is untouched.
    assert.deepEqual(world.alive, ["a", "b", "c"]);
    await world.crash("b");
    assert.deepEqual(world.alive, []);
  }));

test("a child that was stopped is started, and a stopped sibling stays so", () =>
  withActors(async (world) => {
    await startThree(world, "one_for_all");
    await terminateChild(world.system, "sup", "b");
    await terminateChild(world.system, "sup", "c");
    await renewChild(world.system, "sup", "b");
    assert.deepEqual(world.alive, ["a", "b"]);
  }));

test("a child of a dynamic supervisor is started anew where it was, and is not forgotten", () =>
  withActors(async (world) => {
    await world.system.start(dynamicSupervisor({ name: "pool" }));
    for (const id of ["a", "b"]) {
      const start = world.probe(id);
      await startChild(world.system, "pool", { id, start, restart: "temporary" });
    }
    world.takeEvents();
    await renewChild(world.system, "pool", "a");
    assert.deepEqual(world.takeEvents(), ["end a: shutdown", "start a"]);
    const ids = (await whichChildren(world.system, "pool")).map(({ id }) => id);
    assert.deepEqual(ids, ["a", "b"]);
  }));

test("a supervisor is renewed with all below it", () =>
  withActors(async (world) => {
    const inner = supervisor({
      strategy: "one_for_one",
      children: ["x", "y"].map((id) => ({ id, start: world.probe(id) })),
    });
    const children = [
      { id: "inner", start: inner },
      { id: "z", start: world.probe("z") },
    ];
    await world.system.start(supervisor({ name: "sup", strategy: "one_for_one", children }));
    world.takeEvents();
    await world.system.inspect.restart("sup/inner");
    assert.deepEqual(world.takeEvents(), [
      "end y: shutdown",
      "end x: shutdown",
      "start x",
      "start y",
    ]);
  }));

test("one that hangs is killed within its shutdown, then started", () =>
  withActors(async (world) => {
    const children = [{ id: "a", start: world.probe("a"), shutdown: 700 }];
    await world.system.start(supervisor({ name: "sup", strategy: "one_for_one", children }));
    const hanging = assert.rejects(world.ask("a", "hang", undefined));
    await settle();
    world.takeEvents();
    const renewed = renewChild(world.system, "sup", "a");
    await world.env.advance(700);
    await renewed;
    await hanging;
    assert.deepEqual(world.takeEvents(), ["end a: killed", "start a"]);
  }));

test("one that does not start is told, and tried again as after a crash", () =>
  withActors(async (world) => {
    let failures = 0;
    const beforeInit = () => {
      if (failures-- > 0) throw new BadRequest("not now");
    };
    const children = [{ id: "a", start: world.probe("a", { beforeInit }) }];
    const options = { name: "sup", strategy: "one_for_one", children, intensity: 3 } as const;
    await world.system.start(supervisor(options));
    failures = 2;
    await assert.rejects(renewChild(world.system, "sup", "a"), BadRequest);
    await settle();
    assert.deepEqual(world.alive, ["a"]);
  }));

test("an id that is not there is an error", () =>
  withActors(async (world) => {
    await startThree(world, "one_for_one");
    await assert.rejects(renewChild(world.system, "sup", "d"), NoSuchChild);
    await assert.rejects(world.system.inspect.restart("sup/d"), NoSuchActor);
    await assert.rejects(world.system.inspect.restart("nobody"), NoSuchActor);
  }));

test("a root has no supervisor that could start it again", () =>
  withActors(async (world) => {
    await startThree(world, "one_for_one");
    await assert.rejects(world.system.inspect.restart("sup"), Conflict);
    assert.deepEqual(world.alive, ["a", "b", "c"]);
  }));

test("a suspended supervisor is not asked, since it would not answer", () =>
  withActors(async (world) => {
    await startThree(world, "one_for_one");
    world.system.inspect.suspend("sup");
    await assert.rejects(world.system.inspect.restart("a"), Conflict);
    world.system.inspect.resume("sup");
    await world.system.inspect.restart("a");
  }));

test("what goes down and up with a child can be told before", () =>
  withActors(async (world) => {
    await startThree(world, "rest_for_one");
    assert.deepEqual(world.system.inspect.tiedTo("b"), ["sup/b", "sup/c"]);
    assert.deepEqual(world.takeEvents(), []);
    await terminateChild(world.system, "sup", "c");
    assert.deepEqual(world.system.inspect.tiedTo("sup/c"), ["sup/c"], "also one that is stopped");
    await world.system.inspect.restart("sup/c");
    assert.deepEqual(world.alive, ["a", "b", "c"]);
  }));
