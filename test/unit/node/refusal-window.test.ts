import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { AuditEvent } from "../../../src/core/audit.ts";
import {
  addRefusal,
  type CountedEvent,
  endWindow,
  noRefusals,
  sourcesMax,
  windowMs,
} from "../../../src/node/refusal-window.ts";

const refusal = (how: string): AuditEvent => ({
  what: "GET /v1/nodes",
  outcome: "refused",
  who: "unknown",
  how,
});

/** Feeds refusals, each a source and a time, and gives what was told of them by the end. */
function told(refusals: readonly (readonly [string, number])[]): readonly CountedEvent[] {
  let window = noRefusals;
  const events: CountedEvent[] = [];
  for (const [how, nowMs] of refusals) {
    const step = addRefusal(window, refusal(how), nowMs);
    window = step.window;
    events.push(...step.tell);
  }
  return [...events, ...endWindow(window)];
}

test("the first refusal of a source is told at once, its others as one count", () => {
  const events = told([
    ["a", 0],
    ["a", 1],
    ["b", 2],
    ["a", 3],
  ]);
  assert.deepEqual(events, [refusal("a"), refusal("b"), { ...refusal("a"), count: 2 }]);
});

test("a new window begins when the last is over, with what was left to tell of it", () => {
  const events = told([
    ["a", 0],
    ["a", windowMs - 1],
    ["a", windowMs],
  ]);
  assert.deepEqual(events, [refusal("a"), { ...refusal("a"), count: 1 }, refusal("a")]);
});

test("whatever comes is counted once, and no window tells more than its bound", () => {
  const source = fc.integer({ min: 0, max: 30 }).map((number) => `10.0.0.${number}`);
  const gap = fc.oneof({ weight: 9, arbitrary: fc.constant(1) }, fc.constant(windowMs));
  fc.assert(
    fc.property(fc.array(fc.tuple(source, gap), { maxLength: 300 }), (drawn) => {
      let nowMs = 0;
      const refusals = drawn.map(([how, gapMs]): [string, number] => {
        nowMs += gapMs;
        return [how, nowMs];
      });
      const events = told(refusals);
      const counted = events.reduce((sum, { count = 1 }) => sum + count, 0);
      assert.equal(counted, refusals.length);
      const windows = 1 + Math.floor(nowMs / windowMs);
      assert.ok(events.length <= windows * (2 * sourcesMax + 1));
    }),
  );
});
