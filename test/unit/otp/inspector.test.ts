import assert from "node:assert/strict";
import { test } from "node:test";
import { asNodeId } from "../../../src/core/ids.ts";
import { terminateChild, whichChildren } from "../../../src/otp/children.ts";
import { NoSuchActor } from "../../../src/otp/errors.ts";
import type { ActorTree, TraceEvent } from "../../../src/otp/inspection.ts";
import { supervisor } from "../../../src/otp/supervisor.ts";
import { createSystem } from "../../../src/otp/system.ts";
import { withActors } from "../../support/actor-world.ts";
import { settle } from "../../support/manual-env.ts";

/** `path state`, children indented. */
function show(trees: readonly ActorTree[], indent = ""): string[] {
  return trees.flatMap(({ path, state, children }) => [
    `${indent}${path} ${state}`,
    ...show(children, `${indent}  `),
  ]);
}

test("the tree shows every actor, and the children that do not run", () =>
  withActors(async (world) => {
    const inner = supervisor({
      strategy: "one_for_one",
      children: [{ id: "leaf", start: world.probe("leaf") }],
    });
    const children = [
      { id: "a", start: world.probe("a") },
      { id: "inner", start: inner },
    ];
    await world.system.start(supervisor({ name: "top", strategy: "one_for_one", children }));
    await world.start("alone");
    await terminateChild(world.system, "top", "a");
    assert.deepEqual(show(world.system.inspect.tree()), [
      "top running",
      "  top/inner running",
      "    top/inner/leaf running",
      "  top/a stopped",
      "alone running",
    ]);
  }));

test("the status tells the child spec, restarts, and the last crash from the life before", () =>
  withActors(async (world) => {
    const start = world.probe("a");
    const children = [{ id: "a", start, restart: "transient" as const, shutdown: 700 }];
    await world.system.start(supervisor({ name: "top", strategy: "one_for_one", children }));
    await world.env.advance(1_234);
    await world.crash("a");
    await world.ask("a", "ping", undefined);
    const status = world.system.inspect.status("a");
    const spec = { id: "a", kind: "worker", restart: "transient", shutdown: 700 };
    assert.deepEqual(status.child, spec);
    assert.equal(status.restarts, 1);
    assert.equal(status.messagesHandled, 1);
    assert.equal(status.lastCrash?.during, "crash");
    assert.equal(status.lastCrash?.reason.kind, "crashed");
    assert.equal(status.lastCrash?.at, world.env.clock.wall());
    assert.deepEqual(world.system.inspect.status("top/a"), status, "a path does as well");
  }));

test("the state is shown by describe alone", () =>
  withActors(async (world) => {
    await world.system.start(supervisor({ name: "top", strategy: "rest_for_one", children: [] }));
    await world.start("a");
    assert.deepEqual(world.system.inspect.state("top"), {
      strategy: "rest_for_one",
      intensity: 1,
      periodMs: 5_000,
      dynamic: false,
      children: [],
    });
    assert.equal(world.system.inspect.state("a"), undefined);
  }));

test("a suspended actor queues, and goes on when resumed", () =>
  withActors(async (world) => {
    await world.start("a");
    world.system.inspect.suspend("a");
    const answer = world.ask("a", "ping", undefined);
    await settle();
    assert.equal(world.system.inspect.status("a").state, "suspended");
    assert.equal(world.system.inspect.status("a").mailboxLength, 1);
    world.system.inspect.resume("a");
    assert.equal(await answer, "pong");
  }));

test("a suspension for a time ends by itself, and tells when", () =>
  withActors(async (world) => {
    await world.start("a");
    world.system.inspect.suspend("a", 60_000);
    world.system.inspect.suspend("a", 1_000); // The last word counts.
    const answer = world.ask("a", "ping", undefined);
    await world.env.advance(999);
    const { state, resumesAt } = world.system.inspect.status("a");
    assert.equal(state, "suspended");
    assert.equal(resumesAt, world.env.clock.wall() + 1);
    await world.env.advance(1);
    assert.equal(await answer, "pong");
    assert.equal(world.system.inspect.status("a").resumesAt, undefined);
    assert.equal(world.system.inspect.resume("a"), false, "it was not suspended any more");
  }));

test("a suspension ends with its actor's life", () =>
  withActors(async (world) => {
    const children = [{ id: "a", start: world.probe("a") }];
    await world.system.start(supervisor({ name: "top", strategy: "one_for_one", children }));
    world.system.inspect.suspend("a", 1_000);
    await world.system.inspect.restart("a");
    assert.equal(await world.ask("a", "ping", undefined), "pong");
  }));

test("a suspended actor can be stopped", () =>
  withActors(async (world) => {
    await world.start("a");
    world.system.inspect.suspend("a");
    await world.system.stop("a");
    assert.equal(world.system.whereis("a"), undefined);
  }));

test("time used counts what handlers take, by the clock", () =>
  withActors(async ({ env }) => {
    let now = 0;
    const clock = { mono: () => now++, wall: () => now };
    const { timers, log } = env;
    const random = (stream: string) => env.random(stream);
    const node = asNodeId("ticking");
    const system = createSystem({ node, boot: 1, env: { clock, timers, log, random } });
    const ref = await system.start(supervisor({ strategy: "one_for_one", children: [] }));
    await whichChildren(system, ref);
    assert.equal(system.inspect.status(ref).usedMs, 1, "two looks at a clock that ticks at each");
    await system.shutdown();
  }));

test("a trace shows each message before it is handled", () =>
  withActors(async (world) => {
    const seen: TraceEvent[] = [];
    await world.start("a");
    const stop = world.system.inspect.trace("a", { sink: (event) => seen.push(event) });
    await world.ask("a", "ping", undefined);
    await assert.rejects(world.ask("a", "crash", "why"));
    stop();
    assert.equal(seen.pop()?.kind, "ended");
    assert.deepEqual(
      seen.map(({ kind, method, message }) => [kind, method, message]),
      [
        ["call", "ping", undefined],
        ["call", "crash", "why"],
      ],
    );
  }));

test("a trace ends by itself after its bound, and when it is stopped", () =>
  withActors(async (world) => {
    let seen = 0;
    const sink = () => seen++;
    await world.start("a");
    world.system.inspect.trace("a", { messagesMax: 2, sink });
    for (let i = 0; i < 5; i++) await world.ask("a", "ping", undefined);
    assert.equal(seen, 2);
    world.system.inspect.trace("a", { sink })();
    await world.ask("a", "ping", undefined);
    assert.equal(seen, 2);
  }));

test("a trace leaves out what exceeds its rate, and says how much", () =>
  withActors(async (world) => {
    const skipped: number[] = [];
    await world.start("a");
    const sink = (event: TraceEvent) => skipped.push(event.skipped);
    world.system.inspect.trace("a", { perSecondMax: 2, sink });
    for (let i = 0; i < 5; i++) await world.ask("a", "ping", undefined);
    await world.env.advance(1_000);
    for (let i = 0; i < 2; i++) await world.ask("a", "ping", undefined);
    assert.deepEqual(skipped, [0, 0, 3, 0]);
  }));

test("a sink that throws ends the trace and harms no one", () =>
  withActors(async (world) => {
    let calls = 0;
    await world.start("a");
    const sink = () => {
      calls++;
      throw new RangeError("full");
    };
    world.system.inspect.trace("a", { sink });
    await world.ask("a", "ping", undefined);
    await world.ask("a", "ping", undefined);
    assert.equal(calls, 1);
  }));

test("a trace goes on through a crash and the restart after it", () =>
  withActors(async (world) => {
    const children = [{ id: "a", start: world.probe("a") }];
    await world.system.start(supervisor({ name: "top", strategy: "one_for_one", children }));
    const seen: string[] = [];
    const sink = ({ kind, method = "" }: TraceEvent) => seen.push(`${kind} ${method}`.trim());
    const stop = world.system.inspect.trace("a", { sink });
    await world.crash("a");
    await world.ask("a", "ping", undefined);
    stop();
    await world.ask("a", "ping", undefined);
    await world.crash("a");
    assert.deepEqual(seen, ["cast crash", "ended", "started", "call ping"]);
  }));

test("a second trace of a place replaces the first, which is told", () =>
  withActors(async (world) => {
    const ends: string[] = [];
    let second = 0;
    await world.start("a");
    const stopFirst = world.system.inspect.trace("a", {
      sink: () => assert.fail("it was replaced"),
      onEnd: (why) => ends.push(why),
    });
    world.system.inspect.trace("a", { sink: () => second++, onEnd: (why) => ends.push(why) });
    stopFirst(); // Takes nothing from the second.
    await world.ask("a", "ping", undefined);
    assert.equal(second, 1);
    assert.deepEqual(ends, ["replaced"]);
  }));

test("a trace tells its end once: at its bound, or when its sink throws", () =>
  withActors(async (world) => {
    const ends: string[] = [];
    const onEnd = (why: string) => ends.push(why);
    await world.start("a");
    world.system.inspect.trace("a", { messagesMax: 1, sink() {}, onEnd });
    for (let i = 0; i < 3; i++) await world.ask("a", "ping", undefined);
    const sink = () => {
      throw new RangeError("full");
    };
    world.system.inspect.trace("a", { sink, onEnd });
    for (let i = 0; i < 3; i++) await world.ask("a", "ping", undefined);
    assert.deepEqual(ends, ["done", "failed"]);
  }));

test("looking at what does not run is an error", () =>
  withActors(async ({ system }) => {
    assert.throws(() => system.inspect.status("nobody"), NoSuchActor);
    assert.throws(() => system.inspect.trace("nobody", { sink() {} }), NoSuchActor);
  }));
