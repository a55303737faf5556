import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { asInstanceId, type InstanceId } from "../../../src/core/ids.ts";
import {
  StartPace,
  startGapMsMax,
  startingMax,
  startsMax,
  startWindowMs,
} from "../../../src/services/start-pace.ts";

const ids = Array.from({ length: 30 }, (_, n) => asInstanceId(n.toString(16).padStart(16, "0")));

/** Those whose turn it is, one after the other, until it is no one's. */
function turns(pace: StartPace, isStarting: (instance: InstanceId) => boolean): InstanceId[] {
  const begun: InstanceId[] = [];
  let nowMs = 0;
  for (;;) {
    const next = pace.next(isStarting, nowMs, () => 0);
    if (next === undefined) return begun;
    if (next.kind === "wait") nowMs += next.ms;
    else begun.push(next.instance);
  }
}

test("the most important goes first, and of equals who came first", () => {
  const pace = new StartPace();
  const [a, b, c, d] = ids;
  assert.ok(a !== undefined && b !== undefined && c !== undefined && d !== undefined);
  for (const [instance, priority] of [
    [a, 10],
    [b, 50],
    [c, 90],
    [d, 50],
  ] as const) {
    pace.add(instance, priority);
  }
  assert.deepEqual(
    turns(pace, () => false),
    [c, b, d, a],
  );
});

test("what has its turn twice is begun once", () => {
  const pace = new StartPace();
  const [a = assert.fail()] = ids;
  pace.add(a, 1);
  pace.add(a, 2);
  assert.deepEqual(
    turns(pace, () => false),
    [a],
  );
});

test("no more than eight are starting, and the next has its turn once one of them has started", () => {
  const pace = new StartPace();
  for (const instance of ids) pace.add(instance, 50);
  const starting = new Set(turns(pace, () => true));
  assert.equal(starting.size, startingMax);
  const [first = assert.fail()] = starting;
  assert.equal(turns(pace, (instance) => instance !== first).length, 1);
});

test("a few have their turns within a moment, and the twenty-first a second after the first", () => {
  const pace = new StartPace();
  for (const instance of ids) pace.add(instance, 50);
  const begunAt: number[] = [];
  for (let nowMs = 0; begunAt.length < ids.length; ) {
    const next = pace.next(
      () => false,
      nowMs,
      () => 0.5,
    );
    assert.ok(next !== undefined);
    if (next.kind === "wait") nowMs += next.ms;
    else begunAt.push(nowMs);
  }
  assert.ok((begunAt[startsMax - 1] ?? Number.NaN) < startsMax * startGapMsMax);
  assert.equal(begunAt[startsMax], startWindowMs);
});

test("whatever the moments of asking and the draws, never more than 20 have their turn in a second", () => {
  const asked = fc.array(fc.tuple(fc.nat(120), fc.double({ min: 0, max: 0.999, noNaN: true })), {
    maxLength: 200,
  });
  fc.assert(
    fc.property(asked, (moments) => {
      const pace = new StartPace();
      for (const instance of ids) pace.add(instance, 50);
      const begunAt: number[] = [];
      let nowMs = 0;
      for (const [afterMs, draw] of moments) {
        nowMs += afterMs;
        const next = pace.next(
          () => false,
          nowMs,
          () => draw,
        );
        if (next?.kind === "start") begunAt.push(nowMs);
        if (next?.kind === "wait") assert.ok(next.ms > 0 && next.ms <= startWindowMs);
      }
      for (const at of begunAt) {
        const within = begunAt.filter((other) => other >= at && other < at + startWindowMs);
        assert.ok(within.length <= startsMax);
      }
    }),
  );
});
