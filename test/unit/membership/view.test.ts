import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  bootMax,
  bootOf,
  firstIncarnation,
  nextIncarnation,
} from "../../../src/membership/incarnation.ts";
import { Roster } from "../../../src/membership/roster.ts";
import { isLive, type MemberRecord, supersedes } from "../../../src/membership/view.ts";
import { record } from "./members.ts";

const states = ["alive", "suspect", "away", "dead", "left", "forgotten"] as const;
const aRecord = fc
  .tuple(fc.nat(6), fc.nat(2), fc.constantFrom(...states))
  .map(([n, incarnation, state]) => record(n, { incarnation, state }));
const records = fc.array(aRecord, { maxLength: 30 });

function rosterOf(told: readonly MemberRecord[]): Roster {
  const roster = new Roster();
  for (const member of told) {
    const held = roster.get(member.id);
    if (held === undefined || supersedes(member, held)) roster.put(member);
  }
  return roster;
}

function textOf(roster: Roster): string {
  return JSON.stringify(
    [...roster.all()].map(({ id, incarnation, state }) => [id, incarnation, state]),
  );
}

test("whatever is told, in whatever order and however often, the same is held", () => {
  fc.assert(
    fc.property(records, records, (some, others) => {
      const first = rosterOf([...some, ...others]);
      const second = rosterOf([...others.toReversed(), ...some, ...others]);
      assert.equal(textOf(second), textOf(first));
      assert.equal(second.hash, first.hash);
    }),
  );
});

test("hashes are equal exactly for those who hold the same, suspicion aside", () => {
  const settled = (roster: Roster) => textOf(roster).replaceAll("suspect", "alive");
  fc.assert(
    fc.property(records, records, (some, others) => {
      const [first, second] = [rosterOf(some), rosterOf(others)];
      assert.equal(first.hash === second.hash, settled(first) === settled(second));
    }),
    { numRuns: 500 },
  );
});

test("two sides that hold each other for dead have different hashes", () => {
  for (let n = 1; n < 200; n++) {
    const here = rosterOf([record(0), record(n, { state: "dead" })]);
    const there = rosterOf([record(0, { state: "dead" }), record(n)]);
    assert.notEqual(here.hash, there.hash);
  }
});

test("a roster is in order of ids, counts its live, and knows the neighbours on the ring", () => {
  fc.assert(
    fc.property(records, fc.nat(6), (told, n) => {
      const roster = rosterOf(told);
      const all = [...roster.all()];
      assert.deepEqual(
        all,
        all.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
      );
      const { id } = record(n);
      const live = all.filter(isLive).map((member) => member.id);
      assert.equal(roster.live, live.length);
      const others = live.filter((other) => other !== id);
      const after = [
        ...others.filter((other) => other > id),
        ...others.filter((other) => other < id),
      ];
      assert.deepEqual(roster.successors(id, 3), after.slice(0, 3));
      assert.deepEqual(roster.predecessors(id, 3), after.toReversed().slice(0, 3));
    }),
    { numRuns: 300 },
  );
});

test("an incarnation keeps its boot counter, and a later boot is above all of an earlier one", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: bootMax - 2 }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (boot, draw) => {
        const first = firstIncarnation(boot, draw);
        assert.ok(Number.isSafeInteger(first));
        assert.equal(bootOf(first), boot);
        const next = nextIncarnation(first);
        assert.ok(next !== undefined && next > first && bootOf(next) === boot);
        assert.ok(firstIncarnation(boot + 1, 0) > first + 2 ** 23);
      },
    ),
  );
});

test("a boot that has used all its incarnations has no next one", () => {
  const last = firstIncarnation(8, 0) - 1;
  assert.equal(bootOf(last), 7);
  assert.equal(nextIncarnation(last), undefined);
});
