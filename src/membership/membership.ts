/**
 * Membership: SWIM (Das, Gupta, Motivala 2002) with Lifeguard (Dadgar, Phillips, Currey 2017) over
 * connections, as a pure state machine. This is its one door: an event goes in, effects come out, and
 * `dueAtMs` of the state says when the `timer` event is due. Docs: docs/design/0008-membership.md.
 */
import type { NodeId } from "../core/ids.ts";
import { onDisplaced, onRefused, onUnreachable, settleAway } from "./away.ts";
import type { DialFailure, MembershipEffect, MembershipEvent } from "./events.ts";
import { flappingDue, flappingDueAtMs } from "./flapping.ts";
import { gossipDue, gossipDueAtMs, tellEveryone } from "./gossip.ts";
import { restIfLate } from "./health.ts";
import { learn } from "./learning.ts";
import type { MembershipMessage } from "./messages.ts";
import { giveUp, giveUpAt, want } from "./on-demand.ts";
import {
  onAck,
  onNack,
  onPing,
  onPingRequest,
  probeDue,
  probeDueAtMs,
  probeUrgent,
} from "./probe.ts";
import { publishDue, publishDueAtMs } from "./publishing.ts";
import {
  beginSync,
  onDigest,
  onHash,
  onMembers,
  onSync,
  pushPullDue,
  pushPullDueAtMs,
} from "./push-pull.ts";
import {
  dialedAt,
  isConnectedAt,
  redialDue,
  redialDueAtMs,
  seeToDial,
  tryAgain,
} from "./redial.ts";
import { onBootRaised, sayAnew } from "./refutation.ts";
import { endSilence, silencesDue, silencesDueAtMs } from "./silent-links.ts";
import { hold, tell } from "./standing.ts";
import { type MembershipState, selfOf, type Turn } from "./state.ts";
import { suspicionDueAtMs, suspicionsDue } from "./suspicion.ts";
import { isLive, type MemberRecord } from "./view.ts";

export interface MembershipStep {
  readonly state: MembershipState;
  readonly effects: readonly MembershipEffect[];
}

/** One event: what follows from it, in order. The state returned is the one given. */
export function stepMembership(
  state: MembershipState,
  event: MembershipEvent,
  nowMs: number,
): MembershipStep {
  const turn: Turn = { state, nowMs, effects: [] };
  apply(turn, event);
  for (const record of redialDue(turn)) displace(turn, record);
  if (state.gone.size > 0) settleAway(turn);
  probeUrgent(turn);
  gossipDue(turn);
  publishDue(turn);
  state.dueAtMs = nextDueAtMs(state);
  return { state, effects: turn.effects };
}

function apply(turn: Turn, event: MembershipEvent): void {
  const { state } = turn;
  switch (event.kind) {
    case "timer":
      onTimer(turn);
      return;
    case "connected":
      onConnected(turn, event.peer, event.dialed);
      return;
    case "disconnected":
      state.connected.delete(event.peer);
      endSilence(state, event.peer);
      state.syncing.delete(event.peer);
      seeToDial(turn, event.peer); // At once: whether it is refused tells what happened.
      return;
    case "wanted":
      want(turn, event.peer);
      return;
    case "dial-failed":
      onDialFailed(turn, event.address, event.why);
      return;
    case "received":
      onReceived(turn, event.from, event.message);
      return;
    case "recalled":
      recall(turn, event.members);
      return;
    case "join-requested":
      if (!isConnectedAt(state, event.address)) state.redial.joins.set(event.address, turn.nowMs);
      return;
    case "join-given-up":
      state.redial.joins.delete(event.address);
      return;
    case "facts-changed":
      sayAnew(turn, { facts: event.facts });
      return;
    case "leave":
      leave(turn);
      return;
    case "forget":
      forget(turn, event.node);
      return;
    case "boot-raised":
      onBootRaised(turn, event.boot);
      return;
  }
}

function onTimer(turn: Turn): void {
  if (selfOf(turn.state).state === "left") return;
  restIfLate(turn);
  probeDue(turn);
  silencesDue(turn);
  suspicionsDue(turn);
  pushPullDue(turn);
  flappingDue(turn);
}

function nextDueAtMs(state: MembershipState): number {
  if (selfOf(state).state === "left") return publishDueAtMs(state);
  return Math.min(
    probeDueAtMs(state),
    silencesDueAtMs(state),
    suspicionDueAtMs(state),
    gossipDueAtMs(state),
    pushPullDueAtMs(state),
    redialDueAtMs(state),
    flappingDueAtMs(state),
    publishDueAtMs(state),
  );
}

function onConnected(turn: Turn, peer: NodeId, dialed: string | undefined): void {
  const { state } = turn;
  const { redial } = state;
  if (state.connected.size === 0) state.broadcasts.clear(); // Whoever is met is told all by push-pull.
  state.connected.add(peer);
  endSilence(state, peer);
  redial.nodes.delete(peer);
  redial.wanted.delete(peer);
  redial.lost.add(peer);
  state.gone.delete(peer);
  // A dial of ours that the peer's own has overtaken is told of no more, and must not hold up the next one.
  redial.dialing.delete(state.roster.get(peer)?.address ?? "");
  if (dialed === undefined) return;
  redial.joins.delete(dialed);
  const displaced = dialedAt(state, dialed);
  tryAgain(turn, dialed);
  for (const record of displaced) displace(turn, record);
  state.syncing.add(peer);
  beginSync(turn, peer);
}

/** Its address was dialed, or is not, since another node is there. */
function displace(turn: Turn, record: MemberRecord): void {
  giveUp(turn, record.id);
  onDisplaced(turn, record);
}

function onDialFailed(turn: Turn, address: string, why: DialFailure): void {
  const { state } = turn;
  const { redial } = state;
  if (why === "rejected") redial.joins.delete(address);
  tryAgain(turn, address);
  giveUpAt(turn, address);
  for (const record of dialedAt(state, address)) {
    if (why === "refused") onRefused(turn, record);
    else if (why === "unreachable") onUnreachable(turn, record);
  }
}

function onReceived(turn: Turn, from: NodeId, message: MembershipMessage): void {
  endSilence(turn.state, from);
  switch (message.kind) {
    case "sync":
      onSync(turn, from, message);
      return;
    case "digest":
      onDigest(turn, from, message.entries);
      return;
    case "members":
      onMembers(turn, from, message);
      return;
    case "nack":
      onNack(turn, message.seq);
      return;
    case "ping":
    case "ping-request":
    case "ack":
    case "gossip":
      for (const news of message.news) learn(turn, news, from, "gossip");
  }
  if (message.kind === "ping") onPing(turn, from, message.seq);
  else if (message.kind === "ping-request") onPingRequest(turn, from, message.seq, message.target);
  else if (message.kind === "ack") {
    onAck(turn, from, message.seq);
    if (message.hash !== undefined) onHash(turn, from, message.hash);
  }
}

function recall(turn: Turn, members: readonly MemberRecord[]): void {
  const { state } = turn;
  for (const member of members) {
    if (member.id === state.self || state.roster.get(member.id) !== undefined) continue;
    hold(turn, member);
    if (isLive(member)) state.redial.lost.add(member.id);
  }
}

function leave(turn: Turn): void {
  const { state } = turn;
  const self = selfOf(state);
  if (self.state === "left") return;
  const left: MemberRecord = { ...self, state: "left" };
  tellEveryone(turn, left);
  hold(turn, left);
}

function forget(turn: Turn, id: NodeId): void {
  const held = turn.state.roster.get(id);
  if (held === undefined || isLive(held) || held.state === "forgotten") return;
  const facts = { providers: [], labels: {}, version: "" };
  const forgotten: MemberRecord = { ...held, state: "forgotten", facts };
  hold(turn, forgotten);
  tell(turn.state, forgotten);
}
