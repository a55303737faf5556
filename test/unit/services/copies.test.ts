import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { asInstanceId, asNodeId } from "../../../src/core/ids.ts";
import {
  askMs,
  type CopiesInput,
  compareCopies,
  confirmMs,
  decideOnCopies,
  type RankedCopy,
} from "../../../src/services/copies.ts";
import type { HealPolicy } from "../../../src/services/partition-policy.ts";

const policies = ["longest_running", "keep_original", "keep_replacement", "best_score"] as const;
const id = (at: number) => asInstanceId(`${at}`.padStart(8, "0"));

/** A copy that runs well, of a version that is wanted, by its number. */
function copy(at: number, more: Partial<RankedCopy> = {}): RankedCopy {
  return {
    instance: id(at),
    node: asNodeId(`${at}`.padStart(32, "0")),
    isReady: true,
    isEligible: true,
    isCurrent: true,
    specStamp: "1",
    startedAt: 1_000,
    placedUnder: 1,
    obeys: 1,
    rank: 0,
    ...more,
  };
}

function input(copies: readonly RankedCopy[], more: Partial<CopiesInput> = {}): CopiesInput {
  const policy = "longest_running";
  return { policy, placed: id(0), epoch: 2, passedOver: undefined, copies, forMs: 0, ...more };
}

/** Which copy of these is adopted once they have been heard of for long enough. */
function adopted(copies: readonly RankedCopy[], policy: HealPolicy) {
  const decision = decideOnCopies(input(copies, { policy, forMs: askMs }));
  assert.ok(decision.kind === "adopt");
  return decision.copy.instance;
}

test("each policy has its own best, and where it knows none the place decides", () => {
  const copies = [
    copy(0, { startedAt: 500, placedUnder: 2, rank: 2 }),
    copy(1, { startedAt: 900, placedUnder: 1, rank: 1 }),
    copy(2, { startedAt: 700, placedUnder: 3, rank: 0 }),
  ];
  const best = policies.map((policy) => adopted(copies, policy));
  assert.deepEqual(best, [id(0), id(1), id(2), id(2)]);
  const alike = [copy(0, { rank: 1 }), copy(1, { rank: 0 })];
  for (const policy of policies) assert.equal(adopted(alike, policy), id(1));
});

test("one that does its work comes first, then one whose node can have it, then one that needs no new task", () => {
  const later = { startedAt: 9_000, placedUnder: 1, rank: 9 };
  for (const worse of [{ isReady: false }, { isEligible: false }, { isCurrent: false }]) {
    assert.equal(adopted([copy(0, worse), copy(1, later)], "longest_running"), id(1));
  }
  const [sick, elsewhere] = [copy(0, { isReady: false }), copy(1, { isEligible: false })];
  assert.equal(adopted([sick, elsewhere], "longest_running"), id(1));
});

test("what is known late is waited for, and then the best is adopted and asked, though it is placed already", () => {
  const copies = [copy(0), copy(1, { startedAt: 2_000 })];
  assert.deepEqual(decideOnCopies(input(copies, { forMs: askMs - 1 })), { kind: "wait", forMs: 1 });
  assert.equal(adopted(copies, "longest_running"), id(0));
});

test("nothing ends before the adopted one has told, of the epoch that asks it, that it does its work", () => {
  const other = copy(1, { startedAt: 2_000 });
  const told = (more: Partial<RankedCopy>) =>
    decideOnCopies(input([copy(0, more), other], { passedOver: [] }));
  assert.equal(told({ obeys: 1 }).kind, "wait");
  const kept = told({ obeys: 2 });
  assert.ok(kept.kind === "keep");
  assert.equal(kept.copy?.instance, id(0));
  assert.deepEqual(
    kept.ended.map(({ copy: { instance }, merit }) => [instance, merit]),
    [[id(1), "longest_running"]],
  );
});

test("one that does not confirm in time is passed over for the next, and at last the best is kept unasked", () => {
  const copies = [copy(0, { isReady: false }), copy(1, { isReady: false, startedAt: 2_000 })];
  const first = decideOnCopies(input(copies, { passedOver: [], forMs: confirmMs }));
  assert.ok(first.kind === "adopt");
  assert.deepEqual([first.copy.instance, first.passedOver], [id(1), [id(0)]]);
  const second = { placed: id(1), epoch: 3, passedOver: [id(0)], forMs: confirmMs };
  const last = decideOnCopies(input(copies, second));
  assert.ok(last.kind === "keep");
  assert.deepEqual([last.copy?.instance, last.ended.length], [id(0), 1]);
});

test("one whose node is gone meanwhile is not waited for", () => {
  const left = [copy(1), copy(2, { startedAt: 2_000 })];
  const decision = decideOnCopies(input(left, { passedOver: [] }));
  assert.ok(decision.kind === "adopt");
  assert.deepEqual([decision.copy.instance, decision.passedOver], [id(1), [id(0)]]);
});

const anyCopy = fc.record({
  isReady: fc.boolean(),
  isEligible: fc.boolean(),
  isCurrent: fc.boolean(),
  startedAt: fc.nat(3),
  placedUnder: fc.nat(3),
  rank: fc.nat(3),
});

test("the order of copies is total, whatever they are", () => {
  const three = fc.tuple(fc.constantFrom(...policies), anyCopy, anyCopy, anyCopy);
  fc.assert(
    fc.property(three, ([policy, ...all]) => {
      const [a, b, c] = all.map((more, at) => copy(at, more));
      if (a === undefined || b === undefined || c === undefined) return;
      const order = (one: RankedCopy, other: RankedCopy) => compareCopies(policy, one, other) < 0;
      assert.notEqual(order(a, b), order(b, a));
      if (order(a, b) && order(b, c)) assert.ok(order(a, c));
    }),
  );
});

/** What happens to one copy between two looks. */
const happening = fc.record({ at: fc.nat(4), ready: fc.boolean(), lives: fc.boolean() });
const story = fc.record({
  policy: fc.constantFrom(...policies),
  copies: fc.array(anyCopy, { minLength: 1, maxLength: 5 }),
  mute: fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }),
  happenings: fc.array(happening, { maxLength: 60 }),
});

test("whatever becomes of the copies meanwhile, one is left, and it does its work if any does", () => {
  fc.assert(
    fc.property(story, ({ policy, copies: told, mute, happenings }) => {
      let copies = told.map((more, at) => copy(at, more));
      const gone = new Set<number>();
      let now = { placed: id(0), epoch: 2, passedOver: undefined as CopiesInput["passedOver"] };
      let forMs = 0;
      let adoptions = 0;
      for (let look = 0; look < 200; look++) {
        const happens = happenings[look];
        if (happens !== undefined) {
          const { at, ready: isReady, lives } = happens;
          copies = copies.map((one, index) => (index === at ? { ...one, isReady } : one));
          if (lives) gone.delete(at);
          else gone.add(at);
        }
        const live = copies.filter((_, at) => !gone.has(at));
        const decision = decideOnCopies({ policy, ...now, copies: live, forMs });
        if (decision.kind === "wait") {
          forMs += decision.forMs;
          copies = copies.map((one, at) => {
            const isAsked = one.instance === now.placed && mute[at] !== true;
            return isAsked ? { ...one, obeys: now.epoch } : one;
          });
        } else if (decision.kind === "adopt") {
          adoptions += 1;
          assert.ok(adoptions <= copies.length, "each is adopted once at most");
          const { copy: best, passedOver } = decision;
          assert.ok(!passedOver.includes(best.instance));
          now = { placed: best.instance, epoch: now.epoch + 1, passedOver };
          forMs = 0;
        } else {
          const ended = new Set(decision.ended.map(({ copy: { instance } }) => instance));
          const left = live.filter(({ instance }) => !ended.has(instance));
          assert.equal(left.length, Math.min(1, live.length));
          if (live.some(({ isReady }) => isReady)) assert.equal(left[0]?.isReady, true);
          return;
        }
      }
      assert.fail("it comes to no end");
    }),
    { numRuns: 1_000 },
  );
});
