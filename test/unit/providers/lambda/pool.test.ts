import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  emptyPool,
  loadOf,
  nextDueMs,
  type PoolEffect,
  type PoolEvent,
  type PoolOptions,
  step,
} from "../../../../src/providers/lambda/pool.ts";

const options: PoolOptions = {
  concurrency: 2,
  reserved: 0,
  queueMax: 1,
  timeoutMs: 1_000,
  idleMs: 60_000,
};

/** A pool, with what it wants done as short words. */
function driver(more: Partial<PoolOptions> = {}) {
  const pool = emptyPool({ ...options, ...more });
  const feed = (event: PoolEvent, nowMs = 0) => step(pool, event, nowMs).map(wordOf);
  return {
    pool,
    feed,
    invoked: (id: string, nowMs = 0) => feed({ kind: "invoked", id }, nowMs),
    ready: (worker: number, nowMs = 0) => feed({ kind: "ready", worker }, nowMs),
    answered: (worker: number, nowMs = 0) => feed({ kind: "answered", worker }, nowMs),
    ended: (worker: number, nowMs = 0) => feed({ kind: "ended", worker, how: "died" }, nowMs),
    due: (nowMs: number) => feed({ kind: "due" }, nowMs),
  };
}

function wordOf(effect: PoolEffect): string {
  switch (effect.kind) {
    case "spawn":
    case "kill":
      return `${effect.kind} ${effect.worker}`;
    case "hand":
      return `hand ${effect.id} ${effect.worker}${effect.cold ? " cold" : ""}`;
    case "fail":
      return `fail ${effect.id} ${effect.code}`;
  }
}

test("a process is started for the first invocation, and used again for the next", () => {
  const { invoked, ready, answered } = driver();
  assert.deepEqual(invoked("a"), ["spawn 1"]);
  assert.deepEqual(ready(1), ["hand a 1 cold"]);
  assert.deepEqual(answered(1), []);
  assert.deepEqual(ready(1), []);
  assert.deepEqual(invoked("b"), ["hand b 1"]);
});

test("one that has answered and is about to ask again is waited for", () => {
  const { invoked, ready, answered } = driver();
  invoked("a");
  ready(1);
  answered(1);
  assert.deepEqual(invoked("b"), []);
  assert.deepEqual(ready(1), ["hand b 1"]);
});

test("beyond concurrency and queue an invocation is refused", () => {
  const { invoked, ready } = driver();
  assert.deepEqual(invoked("a"), ["spawn 1"]);
  assert.deepEqual(invoked("b"), ["spawn 2"]);
  assert.deepEqual(invoked("c"), []);
  assert.deepEqual(invoked("d"), ["fail d overloaded"]);
  assert.deepEqual([...ready(1), ...ready(2)], ["hand a 1 cold", "hand b 2 cold"]);
  assert.deepEqual(invoked("e"), ["fail e overloaded"]);
});

test("an invocation that takes too long is ended with its process, and the next has another", () => {
  const { invoked, ready, due, pool } = driver({ concurrency: 1 });
  invoked("a");
  ready(1, 10);
  invoked("b", 20);
  assert.equal(nextDueMs(pool), 1_010);
  assert.deepEqual(due(1_009), []);
  assert.deepEqual(due(1_010), ["kill 1", "fail a function_timed_out", "spawn 2"]);
  assert.deepEqual(ready(2, 1_020), ["hand b 2 cold"]);
});

test("an idle process is ended after its time, but for the reserve", () => {
  const { invoked, ready, answered, due, pool } = driver({ reserved: 1 });
  assert.deepEqual(due(0), ["spawn 1"]);
  ready(1);
  assert.equal(nextDueMs(pool), Number.POSITIVE_INFINITY);
  assert.deepEqual(invoked("a"), ["hand a 1 cold"]);
  assert.deepEqual(invoked("b"), ["spawn 2"]);
  ready(2);
  for (const worker of [1, 2]) {
    answered(worker, 100);
    ready(worker, 100);
  }
  assert.deepEqual(due(60_099), []);
  assert.deepEqual(due(60_100), ["kill 1"]);
  assert.equal(nextDueMs(pool), Number.POSITIVE_INFINITY);
});

test("a process that ends while it works fails its invocation alone", () => {
  const { invoked, ready, ended } = driver({ concurrency: 1 });
  invoked("a");
  ready(1);
  invoked("b");
  assert.deepEqual(ended(1), ["fail a function_failed", "spawn 2"]);
});

test("each process that ends before it asks for work costs one invocation, so that it comes to an end", () => {
  const { invoked, ended } = driver({ concurrency: 1 });
  invoked("a");
  invoked("b");
  assert.deepEqual(ended(1), ["fail a function_failed", "spawn 2"]);
  assert.deepEqual(ended(2), ["fail b function_failed"]);
});

test("a reserve that cannot begin is tried again later and later", () => {
  const { due, ended, pool } = driver({ reserved: 1 });
  due(0);
  assert.deepEqual(ended(1, 0), []);
  assert.equal(nextDueMs(pool), 100);
  assert.deepEqual(due(100), ["spawn 2"]);
  assert.deepEqual(ended(2, 100), []);
  assert.equal(nextDueMs(pool), 300);
});

const moves = fc.array(
  fc.record({
    what: fc.constantFrom("invoke", "ready", "answer", "end", "wait"),
    pick: fc.nat(20),
    ms: fc.nat(400),
  }),
  { maxLength: 300 },
);
const anyOptions = fc.record({
  concurrency: fc.integer({ min: 1, max: 4 }),
  queueMax: fc.nat(3),
  timeoutMs: fc.integer({ min: 1, max: 2_000 }),
  idleMs: fc.integer({ min: 1, max: 2_000 }),
});

test("whatever happens, each invocation is settled once, and the bounds hold", () => {
  fc.assert(
    fc.property(anyOptions, fc.nat(4), moves, (drawn, wanted, drawnMoves) => {
      const reserved = Math.min(wanted, drawn.concurrency);
      const pool = emptyPool({ ...drawn, reserved });
      const alive = new Set<number>();
      const at = new Map<number, string>();
      const open = new Set<string>();
      let nowMs = 0;
      const feed = (event: PoolEvent) => {
        for (const effect of step(pool, event, nowMs)) {
          if (effect.kind === "spawn") alive.add(effect.worker);
          if (effect.kind === "kill") assert.ok(alive.delete(effect.worker));
          if (effect.kind === "kill") at.delete(effect.worker);
          if (effect.kind === "fail") assert.ok(open.delete(effect.id));
          if (effect.kind === "hand") {
            assert.ok(alive.has(effect.worker) && !at.has(effect.worker));
            assert.ok(open.has(effect.id));
            at.set(effect.worker, effect.id);
          }
        }
        assert.ok(alive.size <= drawn.concurrency);
        assert.ok(pool.queue.length <= drawn.queueMax + drawn.concurrency);
        assert.equal(loadOf(pool), open.size);
      };
      const end = (worker: number) => {
        alive.delete(worker);
        at.delete(worker);
        feed({ kind: "ended", worker, how: "died" });
      };
      const answer = (worker: number) => {
        open.delete(at.get(worker) ?? "");
        at.delete(worker);
        feed({ kind: "answered", worker });
      };
      for (const [i, { what, pick, ms }] of drawnMoves.entries()) {
        const worker = [...alive][pick % Math.max(1, alive.size)];
        if (what === "wait") nowMs += ms;
        if (what === "wait") feed({ kind: "due" });
        if (what === "invoke") open.add(`${i}`);
        if (what === "invoke") feed({ kind: "invoked", id: `${i}` });
        if (worker === undefined) continue;
        if (what === "ready" && !at.has(worker)) feed({ kind: "ready", worker });
        if (what === "answer" && at.has(worker)) answer(worker);
        if (what === "end") end(worker);
      }
      // Once all do their work, nothing waits for ever.
      for (let round = 0; open.size > 0 && round < 1_000; round++) {
        for (const worker of [...alive]) {
          if (at.has(worker)) answer(worker);
          else feed({ kind: "ready", worker });
        }
      }
      assert.equal(open.size, 0);
    }),
  );
});
