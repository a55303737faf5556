/**
 * Probing (SWIM, section 3.1): a ping, and where no answer comes in time the same through others. Every
 * second probe goes to the next node on the ring, so that each is probed by its predecessor within two
 * periods for certain; the others go round all nodes in a random order.
 */
import type { NodeId } from "../core/ids.ts";
import { stretched, worsen } from "./health.ts";
import { areNeighbours, isFullMesh } from "./mesh.ts";
import type { MembershipMessage, News } from "./messages.ts";
import type { Probe, Probing } from "./probing.ts";
import { foundSilent } from "./silent-links.ts";
import { isReached, type MembershipState, selfOf, shuffle, type Turn } from "./state.ts";
import { suspect } from "./suspicion.ts";
import { isLive } from "./view.ts";

/** Requests of others served at a time. More are answered with a nack. */
const relaysMax = 1_000;

export function probeDueAtMs({ probing, roster }: MembershipState): number {
  let due = roster.live > 1 ? probing.nextAtMs : Number.POSITIVE_INFINITY;
  for (const { asked, directUntilMs, untilMs } of probing.probes.values()) {
    due = Math.min(due, asked === undefined ? directUntilMs : untilMs);
  }
  for (const { isNacked, nackAtMs, untilMs } of probing.relays.values()) {
    due = Math.min(due, isNacked ? untilMs : nackAtMs);
  }
  return due;
}

/** Ends what is over, and begins the next probe. */
export function probeDue(turn: Turn): void {
  const { state, nowMs } = turn;
  const { probing } = state;
  for (const [seq, relay] of probing.relays) {
    if (!relay.isNacked && relay.nackAtMs <= nowMs) {
      relay.isNacked = true;
      send(turn, relay.requester, { kind: "nack", seq: relay.seq });
    }
    if (relay.untilMs <= nowMs) probing.relays.delete(seq);
  }
  for (const [seq, probe] of probing.probes) {
    if (probe.asked === undefined && probe.directUntilMs <= nowMs) askOthers(turn, seq, probe);
    if (probe.untilMs > nowMs) continue;
    if (!probe.isLast) {
      probe.isLast = true;
      probe.untilMs = nowMs + state.options.lateRestMs;
      continue;
    }
    probing.probes.delete(seq);
    fail(turn, probe);
  }
  if (probing.nextAtMs > nowMs || state.roster.live <= 1) return;
  probing.nextAtMs = nowMs + stretched(state, state.options.probeMs);
  const target = nextTarget(state);
  if (target === undefined) worsen(state, -1);
  else probe(turn, target);
}

/** Probes at once whom others suspect, where this node is among those that are to look for themselves. */
export function probeUrgent(turn: Turn): void {
  for (const target of turn.state.probing.urgent.splice(0)) probe(turn, target);
}

/** Begins a probe of `target`, unless one is under way. */
function probe(turn: Turn, target: NodeId): void {
  const { state, nowMs } = turn;
  const { probing, options } = state;
  for (const under of probing.probes.values()) if (under.target === target) return;
  const seq = nextSeq(probing);
  const directUntilMs = nowMs + stretched(state, options.probeTimeoutMs);
  const untilMs = nowMs + stretched(state, options.probeMs);
  const started: Probe = {
    target,
    directUntilMs,
    untilMs,
    asked: undefined,
    nacks: 0,
    isLast: false,
  };
  probing.probes.set(seq, started);
  if (!state.connected.has(target)) askOthers(turn, seq, started);
  else send(turn, target, { kind: "ping", seq, news: newsFor(state, target) });
}

/** A ping that came; one that is suspected hears of it first (Lifeguard's buddy system). */
export function onPing(turn: Turn, from: NodeId, seq: number): void {
  const { state } = turn;
  send(turn, from, { kind: "ack", seq, hash: state.roster.hash, news: newsFor(state, from) });
}

export function onPingRequest(turn: Turn, from: NodeId, seq: number, target: NodeId): void {
  const { state, nowMs } = turn;
  const { probing, options } = state;
  if (!state.connected.has(target) || probing.relays.size >= relaysMax) {
    send(turn, from, { kind: "nack", seq });
    return;
  }
  const own = nextSeq(probing);
  probing.relays.set(own, {
    requester: from,
    seq,
    nackAtMs: nowMs + options.probeTimeoutMs * 0.8,
    untilMs: nowMs + options.probeMs,
    isNacked: false,
  });
  send(turn, target, { kind: "ping", seq: own, news: newsFor(state, target) });
}

export function onAck(turn: Turn, from: NodeId, seq: number): void {
  const { state } = turn;
  const { probes, relays } = state.probing;
  const relay = relays.get(seq);
  if (relay !== undefined) {
    relays.delete(seq);
    const news = newsFor(state, relay.requester);
    const { hash } = state.roster;
    send(turn, relay.requester, { kind: "ack", seq: relay.seq, hash, news });
  }
  const probe = probes.get(seq);
  if (probe === undefined) return;
  probes.delete(seq);
  worsen(state, -1);
  if (from !== probe.target) foundSilent(turn, probe.target);
}

export function onNack({ state }: Turn, seq: number): void {
  const probe = state.probing.probes.get(seq);
  if (probe !== undefined) probe.nacks += 1;
}

/** News that goes along with a message to `peer`. */
export function newsFor(state: MembershipState, peer: NodeId): readonly News[] {
  const { broadcasts, options, roster, self } = state;
  const news = broadcasts.take(options.newsMax, sendsMax(state));
  const record = roster.get(peer);
  if (record?.state !== "suspect" || news.some(({ member }) => member.id === peer)) return news;
  return [{ member: record, by: self }, ...news];
}

/** Sends of one piece of news: enough to reach everyone with all but certainty (SWIM, section 4.1). */
export function sendsMax({ roster, options }: MembershipState): number {
  const others = Math.max(1, roster.live - 1);
  return Math.min(2 * others, options.retransmitFactor * Math.ceil(Math.log10(others + 2)));
}

function askOthers(turn: Turn, seq: number, probe: Probe): void {
  const { state } = turn;
  const { options, draw } = state;
  const { target } = probe;
  const able: NodeId[] = [];
  for (const peer of state.connected) {
    if (peer !== target && isReached(state, peer) && areNeighbours(state, peer, target))
      able.push(peer);
  }
  const asked = shuffle(able, draw).slice(0, options.indirectProbes);
  probe.asked = asked.length;
  for (const peer of asked) {
    send(turn, peer, { kind: "ping-request", seq, target, news: newsFor(state, peer) });
  }
}

/** No answer by any way. Where others say that they got none either, the fault is not this node's. */
function fail(turn: Turn, { target, asked = 0, nacks }: Probe): void {
  const { state } = turn;
  const record = state.roster.get(target);
  if (record === undefined || !isLive(record)) return;
  if (record.state === "alive") worsen(state, asked === 0 ? 1 : Math.max(0, asked - nacks));
  suspect(turn, record, state.self);
}

function nextTarget(state: MembershipState): NodeId | undefined {
  const { probing, roster, self } = state;
  probing.isRingsTurn = !probing.isRingsTurn;
  const successor = probing.isRingsTurn ? roster.successors(self, 1)[0] : undefined;
  if (successor !== undefined && isProbed(state, successor)) return successor;
  for (let round = 0; round < 2; round++) {
    for (let next = probing.order.pop(); next !== undefined; next = probing.order.pop()) {
      if (isProbed(state, next)) return next;
    }
    probing.order = shuffle(
      roster
        .all()
        .filter(({ id }) => id !== self)
        .map(({ id }) => id),
      state.draw,
    );
  }
  return undefined;
}

/** In a full mesh everyone, also who cannot be reached from here; beyond it those who can. */
function isProbed(state: MembershipState, id: NodeId): boolean {
  const record = state.roster.get(id);
  if (record === undefined || !isLive(record)) return false;
  return state.connected.has(id) || isFullMesh(state);
}

function nextSeq(probing: Probing): number {
  probing.seq = (probing.seq + 1) % 2 ** 31;
  return probing.seq;
}

function send(turn: Turn, to: NodeId, message: ProbeMessage): void {
  if (selfOf(turn.state).state !== "left") turn.effects.push({ kind: "send", to, message });
}

type ProbeMessage = Extract<
  MembershipMessage,
  { readonly kind: "ping" | "ping-request" | "ack" | "nack" }
>;
