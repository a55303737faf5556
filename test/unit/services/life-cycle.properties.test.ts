import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Found, InstanceEvent } from "../../../src/services/instance.ts";
import { step } from "../../../src/services/life-cycle.ts";
import type { Exit } from "../../../src/services/restart-policy.ts";
import { comeToRest, type Happening, happen, World } from "./instance-world.ts";

const exit: fc.Arbitrary<Exit> = fc.constantFrom<Exit>(
  { kind: "exited", code: 0 },
  { kind: "exited", code: 1 },
  { kind: "signaled", signal: "SIGKILL" },
  { kind: "unknown", reason: "reboot" },
);

const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 8, arbitrary: fc.constant<Happening>({ kind: "engine" }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("exit" as const), exit, whileDown: fc.boolean() }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("pass" as const), ms: fc.nat(70_000) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("dependency" as const), isThere: fc.boolean() }),
  },
  { weight: 3, arbitrary: fc.constant<Happening>({ kind: "timer" }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant("room" as const), isThere: fc.boolean() }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom("health" as const, "own-health" as const),
      healthy: fc.constantFrom(true, false, null),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("pause" as const), isPaused: fc.boolean() }),
  },
  {
    weight: 6,
    arbitrary: fc
      .constantFrom(
        "run" as const,
        "stop" as const,
        "restart" as const,
        "crash" as const,
        "stale" as const,
      )
      .map((kind) => ({ kind })),
  },
  { weight: 1, arbitrary: fc.constantFrom<Happening>({ kind: "refuse" }, { kind: "remove" }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("deploy" as const),
      env: fc.nat(2),
      files: fc.integer({ min: 1, max: 2 }),
      when: fc.constantFrom("always" as const, "on_error" as const, "none" as const),
    }),
  },
);

const story = fc.array(happening, { maxLength: 60 });

test("in any story: one task at a time, in room of its own, none against the user's will or the policy", () => {
  fc.assert(
    fc.property(story, (happenings) => {
      const world = new World();
      for (const what of happenings) happen(world, what);
    }),
    { numRuns: 2_000 },
  );
});

test("after any story a stop ends in stopped, with nothing left running and no room kept", () => {
  fc.assert(
    fc.property(story, (happenings) => {
      const world = new World();
      for (const what of happenings) happen(world, what);
      happen(world, { kind: "stop" });
      comeToRest(world);
      assert.equal(world.task, undefined);
      assert.equal(world.state.status.state, "stopped");
      assert.deepEqual([world.room, world.state.status.reserved], [{}, undefined]);
    }),
    { numRuns: 500 },
  );
});

test("after any story without a removal a deploy runs, once its dependencies do", () => {
  fc.assert(
    fc.property(story, (happenings) => {
      const world = new World();
      for (const what of happenings) if (what.kind !== "remove") happen(world, what);
      happen(world, { kind: "deploy", env: 9, files: 1, when: "always" });
      happen(world, { kind: "dependency", isThere: true });
      comeToRest(world);
      assert.equal(world.state.status.state, "running");
      assert.equal(world.task?.attempt, world.attempt);
    }),
    { numRuns: 500 },
  );
});

test("after any story a removal removes, once", () => {
  fc.assert(
    fc.property(story, (happenings) => {
      const world = new World();
      for (const what of happenings) happen(world, what);
      happen(world, { kind: "remove" });
      comeToRest(world);
      assert.notEqual(world.removedAt, undefined);
    }),
    { numRuns: 500 },
  );
});

test("no event in no state throws, however senseless", () => {
  const attempt = fc.nat(4);
  const found: fc.Arbitrary<Found> = fc.oneof(
    fc.record({
      kind: fc.constant("running" as const),
      attempt,
      handle: fc.constant({}),
      startedAt: fc.nat(),
    }),
    fc.record({ kind: fc.constant("gone" as const), attempt, exit, atMs: fc.nat() }),
    fc.constant({ kind: "nothing" } as const),
  );
  const event: fc.Arbitrary<InstanceEvent> = fc.oneof(
    fc.record({
      kind: fc.constant("started" as const),
      attempt,
      handle: fc.constant({}),
      startedAt: fc.nat(),
    }),
    fc.record({ kind: fc.constant("start_failed" as const), attempt, error: fc.string() }),
    fc.record({ kind: fc.constant("exited" as const), attempt, exit, atMs: fc.nat() }),
    fc.record({ kind: fc.constant("stopped" as const), attempt }),
    fc.constant({ kind: "timer", timer: "restart" } as const),
    fc.constant({ kind: "room", resources: { memoryBytes: 1, milliCpus: 1 } } as const),
    fc.constant({ kind: "dependencies", waitingFor: [] } as const),
    fc.record({ kind: fc.constant("adopted" as const), found }),
    fc
      .record({
        run: fc.constantFrom("running" as const, "stopped" as const),
        runStamp: fc.string(),
        removed: fc.boolean(),
      })
      .map((more) => ({
        kind: "desired" as const,
        desired: { ...new World().state.desired, ...more },
      })),
  );
  fc.assert(
    fc.property(fc.array(event, { maxLength: 40 }), fc.nat(), (events, nowMs) => {
      let { state } = new World();
      for (const what of events) state = step(state, what, nowMs, () => 0.5).state;
    }),
  );
});
