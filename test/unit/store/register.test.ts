import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  clockZero,
  compareStamps,
  isTooFarAhead,
  nextTime,
  type Stamp,
  seenTime,
} from "../../../src/store/hlc.ts";
import { isConflict, newerOf, type Register, seenBy } from "../../../src/store/register.ts";
import { nodeId } from "./network.ts";

const stamps = fc
  .tuple(fc.nat(3), fc.nat(3), fc.nat(3))
  .map(([wall, counter, n]): Stamp => ({ wall, counter, origin: nodeId(n) }));
/** One stamp, one write: its value is decided by its stamp. */
const registers = stamps.map(
  (stamp): Register => ({ key: "k", value: JSON.stringify(stamp), stamp, seen: [] }),
);

test("stamps are totally ordered", () => {
  fc.assert(
    fc.property(stamps, stamps, stamps, (a, b, c) => {
      assert.equal(Math.sign(compareStamps(a, b)) + Math.sign(compareStamps(b, a)), 0);
      if (compareStamps(a, b) === 0) assert.deepEqual(a, b);
      if (compareStamps(a, b) <= 0 && compareStamps(b, c) <= 0) assert.ok(compareStamps(a, c) <= 0);
    }),
  );
});

test("a write is above all that was seen, however slow, stopped or set back the clock is", () => {
  const step = fc.oneof(
    fc.record({ wallMs: fc.nat(1_000) }),
    fc.record({ seen: fc.record({ wall: fc.nat(1_000), counter: fc.nat(9) }) }),
  );
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const origin = nodeId(1);
      let clock = clockZero;
      const before: Stamp[] = [];
      for (const next of steps) {
        if ("seen" in next) {
          clock = seenTime(clock, next.seen);
          before.push({ ...next.seen, origin: nodeId(2) });
        } else {
          clock = nextTime(clock, next.wallMs);
          const stamp = { ...clock, origin };
          for (const old of before) assert.ok(compareStamps(stamp, old) > 0);
          before.push(stamp);
        }
      }
    }),
  );
});

test("a clock that moves on starts its counter anew", () => {
  assert.deepEqual(nextTime({ wall: 5, counter: 7 }, 6.9), { wall: 6, counter: 0 });
  assert.deepEqual(nextTime({ wall: 5, counter: 7 }, 5), { wall: 5, counter: 8 });
});

test("a stamp is too far ahead after 60 s, not at 60 s", () => {
  assert.equal(isTooFarAhead({ wall: 60_000, counter: 0 }, 0), false);
  assert.equal(isTooFarAhead({ wall: 60_001, counter: 0 }, 0), true);
});

test("merging registers is commutative, associative and idempotent", () => {
  fc.assert(
    fc.property(registers, registers, registers, (a, b, c) => {
      assert.deepEqual(newerOf(a, b), newerOf(b, a));
      assert.deepEqual(newerOf(a, newerOf(b, c)), newerOf(newerOf(a, b), c));
      assert.deepEqual(newerOf(a, a), a);
    }),
  );
});

test("no write is lost untold, and none that was overwritten knowingly is told", () => {
  // Nodes write over their own copy or take another's. The truth is which writes each one replaced.
  const step = fc.record({ node: fc.nat(2), from: fc.nat(2) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30, size: "max" }), (steps) => {
      const copies = new Map<number, Register>();
      const replacedBy = new Map<Register, ReadonlySet<Register>>();
      const allBelow = (top: Register) => [top, ...(replacedBy.get(top) ?? [])];
      const told = new Set<Register>();
      let wall = 0;
      for (const { node, from } of steps) {
        const own = copies.get(node);
        const other = copies.get(from);
        if (node === from) {
          const stamp: Stamp = { wall: ++wall, counter: 0, origin: nodeId(node) };
          const next: Register = { key: "k", value: wall, stamp, seen: seenBy(stamp, own) };
          assert.ok(next.seen.every(({ origin }) => origin !== stamp.origin));
          replacedBy.set(next, new Set(own === undefined ? [] : allBelow(own)));
          copies.set(node, next);
        } else if (other !== undefined) {
          const newer = own === undefined ? other : newerOf(own, other);
          const older = newer === own ? other : own;
          copies.set(node, newer);
          if (older === undefined || older === newer) continue;
          const wasReplaced = replacedBy.get(newer)?.has(older) ?? false;
          if (isConflict(newer, older)) {
            assert.ok(!wasReplaced);
            for (const lost of allBelow(older)) told.add(lost);
          } else {
            assert.ok(wasReplaced || told.has(older));
          }
        }
      }
    }),
    { numRuns: 1_000 },
  );
});

test("a writer's own newer write is never in conflict with its older one", () => {
  const stamp = (wall: number): Stamp => ({ wall, counter: 0, origin: nodeId(1) });
  const [older, newer] = [1, 2].map(
    (wall): Register => ({ key: "k", value: wall, stamp: stamp(wall), seen: [] }),
  );
  assert.ok(older !== undefined && newer !== undefined);
  assert.equal(isConflict(newer, older), false);
});
