import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { knowsAll, newsIn, viewOf } from "../../../src/membership/exchange.ts";
import {
  bootOf,
  firstIncarnation,
  type Member,
  type MemberState,
  type View,
} from "../../../src/membership/view.ts";
import { facts, idOf } from "./network.ts";

const states: readonly MemberState[] = ["alive", "suspect", "away", "dead", "left"];
const member = fc
  .tuple(fc.nat(2), fc.nat(2), fc.constantFrom(...states))
  .map(([n, incarnation, state]): Member => {
    return { id: idOf(n), name: `${n}`, address: "", incarnation, state, facts };
  });

function merge(views: readonly View[]): View {
  const members = new Map<Member["id"], Member>();
  for (const view of views) {
    for (const told of newsIn(view.members, members)) members.set(told.id, told);
  }
  return viewOf(members, 0);
}

const view = fc
  .uniqueArray(member, { selector: ({ id }) => id })
  .map((members): View => ({ version: 0, members }));

test("views merge to the same one in any order, however often", () => {
  fc.assert(
    fc.property(fc.array(view), (views) => {
      assert.deepEqual(merge([...views.toReversed(), ...views]), merge(views));
    }),
  );
});

test("whoever knows all of a view learns nothing from it, and nobody else does", () => {
  fc.assert(
    fc.property(view, view, (told, other) => {
      const held = new Map(other.members.map((known) => [known.id, known]));
      const learns = newsIn(other.members, new Map(told.members.map((known) => [known.id, known])));
      assert.equal(knowsAll(told, held), learns.length === 0);
    }),
  );
});

test("an incarnation keeps its boot counter, and a later boot is above all of an earlier one", () => {
  for (const boot of [1, 2, 2 ** 21 - 2]) {
    const last = firstIncarnation(boot) + 2 ** 32 - 1;
    assert.ok(Number.isSafeInteger(last));
    assert.equal(bootOf(last), boot);
    assert.ok(firstIncarnation(boot + 1) > last);
  }
});
