import assert from "node:assert/strict";
import { test } from "node:test";
import { asNodeId } from "../../../src/core/ids.ts";
import type { MembershipEvent } from "../../../src/membership/events.ts";
import { stepMembership } from "../../../src/membership/membership.ts";
import { startMembership } from "../../../src/membership/state.ts";
import { record } from "./members.ts";

/** Of two nodes with one name the smaller id goes first. */
const goesFirst = asNodeId("0".repeat(32));

/** Whether a node named `twin` at `10.0.0.9:1` stops for another live one of that name, told or remembered. */
function stopsFor(address: string, isTold = true): boolean {
  const { id, facts } = record(9);
  const self = { id, name: "twin", address: "10.0.0.9:1", boot: 1, facts };
  const state = startMembership(self, 0, () => 0.5);
  const member = record(1, { id: goesFirst, name: "twin", address });
  const message = { kind: "gossip", news: [{ member, by: "" }] } as const;
  const event: MembershipEvent = isTold
    ? { kind: "received", from: record(2).id, message }
    : { kind: "recalled", members: [member] };
  return stepMembership(state, event, 1).effects.some(({ kind }) => kind === "name-taken");
}

test("a node stops whose name another live node has that goes first", () => {
  assert.ok(stopsFor("10.0.0.1:1"));
});

test("one that was at the node's own address is its predecessor, whose name it may take", () => {
  assert.equal(stopsFor("10.0.0.9:1"), false);
});

test("what an earlier life remembers of a twin, which may be long gone, stops no node", () => {
  assert.equal(stopsFor("10.0.0.1:1", false), false);
});
