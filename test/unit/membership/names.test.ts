import assert from "node:assert/strict";
import { test } from "node:test";
import { asNodeId } from "../../../src/core/ids.ts";
import { stepMembership } from "../../../src/membership/membership.ts";
import { startMembership } from "../../../src/membership/state.ts";
import { record } from "./members.ts";

/** Of two nodes with one name the smaller id goes first. */
const goesFirst = asNodeId("0".repeat(32));

/** Whether a node named `twin` at `10.0.0.9:1` stops when it hears of another live one of that name. */
function stopsFor(address: string): boolean {
  const { id, facts } = record(9);
  const self = { id, name: "twin", address: "10.0.0.9:1", boot: 1, facts };
  const state = startMembership(self, 0, () => 0.5);
  const news = [{ member: record(1, { id: goesFirst, name: "twin", address }), by: "" as const }];
  const event = {
    kind: "received",
    from: record(2).id,
    message: { kind: "gossip", news },
  } as const;
  return stepMembership(state, event, 1).effects.some(({ kind }) => kind === "name-taken");
}

test("a node stops whose name another live node has that goes first", () => {
  assert.ok(stopsFor("10.0.0.1:1"));
});

test("one that was at the node's own address is its predecessor, whose name it may take", () => {
  assert.equal(stopsFor("10.0.0.9:1"), false);
});
