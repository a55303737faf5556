import assert from "node:assert/strict";
import { test } from "node:test";
import type { MembershipEvent } from "../../../src/membership/events.ts";
import { stepMembership } from "../../../src/membership/membership.ts";
import type { MembershipMessage } from "../../../src/membership/messages.ts";
import { startMembership } from "../../../src/membership/state.ts";
import { record } from "./members.ts";

const [own, silent, other] = [record(1), record(2), record(3)];

/**
 * A node of three, connected with both others. The third answers, and what the second is asked for through it; over
 * the connection with the second nothing comes but what is fed.
 */
function threeNodes() {
  const state = startMembership({ ...own, boot: 1 }, 0, () => 0.5);
  const closed: { readonly atMs: number; readonly reason: string }[] = [];
  const dialed: { readonly atMs: number; readonly address: string }[] = [];
  let nowMs = 0;
  const feed = (event: MembershipEvent): void => {
    for (const effect of stepMembership(state, event, nowMs).effects) {
      if (effect.kind === "close") closed.push({ atMs: nowMs, reason: effect.reason });
      else if (effect.kind === "dial") dialed.push({ atMs: nowMs, address: effect.address });
      else if (effect.kind === "send" && effect.to === other.id) answer(effect.message);
    }
  };
  const answer = (message: MembershipMessage): void => {
    if (message.kind !== "ping" && message.kind !== "ping-request") return;
    const { hash } = state.roster;
    feed({
      kind: "received",
      from: other.id,
      message: { kind: "ack", seq: message.seq, hash, news: [] },
    });
  };
  feed({ kind: "recalled", members: [silent, other] });
  for (const { id } of [silent, other]) feed({ kind: "connected", peer: id });
  dialed.length = 0;
  return {
    state,
    closed,
    dialed,
    feed,
    /** Lets time pass until then, in which no timer is late. */
    until(atMs: number, isEnough: () => boolean = () => false) {
      while (state.dueAtMs <= atMs && !isEnough()) {
        nowMs = Math.max(nowMs, state.dueAtMs);
        feed({ kind: "timer" });
      }
      if (!isEnough()) nowMs = atMs;
    },
    /** The node stands still until then. */
    stall(atMs: number) {
      nowMs = atMs;
    },
  };
}

const ping = (seq: number): MembershipMessage => ({ kind: "ping", seq, news: [] });

test("a connection over which nothing comes for eight seconds is closed and dialed anew, if others reach the node", () => {
  const { closed, dialed, feed, until, state } = threeNodes();
  until(60_000, () => closed.length > 0);
  const [close] = closed;
  assert.match(close?.reason ?? "", /nothing comes over it/);
  const atMs = close?.atMs ?? 0;
  // Probed for the first time within two rounds, and then each round.
  assert.ok(atMs >= 8_000 && atMs < 8_000 + 4 * state.options.probeMs, String(atMs));
  assert.equal(state.roster.get(silent.id)?.state, "alive");
  assert.deepEqual(dialed, []);
  feed({ kind: "disconnected", peer: silent.id });
  assert.deepEqual(dialed, [{ atMs, address: silent.address }]);
});

test("whatever comes over it ends the silence, and its end the waiting for it", () => {
  const { closed, feed, until, state } = threeNodes();
  for (const atMs of [7_000, 14_000, 21_000]) {
    until(atMs);
    assert.equal(state.silences.size, 1);
    feed({ kind: "received", from: silent.id, message: ping(atMs) });
    assert.equal(state.silences.size, 0);
  }
  assert.deepEqual(closed, []);
  until(27_000);
  feed({ kind: "disconnected", peer: silent.id });
  feed({ kind: "connected", peer: silent.id });
  until(34_000);
  assert.deepEqual(closed, []);
});

test("the time in which this node stands still does not count", () => {
  const { closed, until, stall } = threeNodes();
  until(4_000);
  stall(24_000);
  until(27_000);
  assert.deepEqual(closed, []);
  until(40_000, () => closed.length > 0);
  assert.equal(closed.length, 1);
});

test("who is not reached by others either is suspected, and found dead, as ever", () => {
  const { closed, state, until } = threeNodes();
  until(2_000);
  state.connected.delete(other.id); // There is none to be asked any more.
  until(60_000, () => closed.length > 0);
  assert.match(closed[0]?.reason ?? "", /it is dead/);
});
