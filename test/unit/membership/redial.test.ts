import assert from "node:assert/strict";
import { test } from "node:test";
import type { MembershipEvent } from "../../../src/membership/events.ts";
import { stepMembership } from "../../../src/membership/membership.ts";
import { startMembership } from "../../../src/membership/state.ts";
import { record } from "./members.ts";

test("a peer whose own dial came first is dialed at once when it is lost, to see whether it is gone", () => {
  const { id, name, address, facts } = record(1);
  const peer = record(2);
  const state = startMembership({ id, name, address, facts, boot: 1 }, 0, () => 0.5);
  const dialed = (event: MembershipEvent, nowMs: number) =>
    stepMembership(state, event, nowMs).effects.filter(({ kind }) => kind === "dial");
  const dial = [{ kind: "dial", address: peer.address }];
  const first = dialed({ kind: "recalled", members: [peer] }, 0);
  assert.deepEqual([...first, ...dialed({ kind: "timer" }, 1_000)], dial);
  // The peer's dial is the one to stay; what became of ours is told to no one.
  assert.deepEqual(dialed({ kind: "connected", peer: peer.id }, 1_100), []);
  assert.deepEqual(dialed({ kind: "disconnected", peer: peer.id }, 3_000), dial);
});
