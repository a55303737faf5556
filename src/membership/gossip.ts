/**
 * Rounds of gossip: while there is news, a few peers are told each time (SWIM, section 4.1). Also those
 * held for dead, if they are connected: they are back, and have to be told what was said of them.
 */
import type { NodeId } from "../core/ids.ts";
import { newsFor } from "./probe.ts";
import { type MembershipState, shuffle, type Turn } from "./state.ts";
import type { MemberRecord } from "./view.ts";

export function gossipDueAtMs({ broadcasts, gossip, options, connected }: MembershipState): number {
  if (broadcasts.isEmpty || connected.size === 0) return Number.POSITIVE_INFINITY;
  return gossip.lastAtMs + options.gossipMs;
}

export function gossipDue(turn: Turn): void {
  const { state, nowMs, effects } = turn;
  const { gossip } = state;
  if (gossipDueAtMs(state) > nowMs) return;
  gossip.lastAtMs = nowMs;
  for (const to of nextPeers(state)) {
    const news = newsFor(state, to);
    if (news.length > 0) effects.push({ kind: "send", to, message: { kind: "gossip", news } });
  }
}

/** Tells every peer at once: for what cannot wait for another round. */
export function tellEveryone({ state, effects }: Turn, member: MemberRecord): void {
  const message = { kind: "gossip", news: [{ member, by: "" }] } as const;
  for (const to of state.connected) effects.push({ kind: "send", to, message });
}

/** All who are connected come in turn, in a random order: each piece of news reaches different ones. */
function nextPeers(state: MembershipState): readonly NodeId[] {
  const { gossip, options, draw, connected } = state;
  const next: NodeId[] = [];
  while (next.length < options.gossipNodes) {
    if (gossip.order.length === 0) {
      gossip.order = shuffle(
        [...connected].filter((peer) => !next.includes(peer)),
        draw,
      );
      if (gossip.order.length === 0) break;
    }
    const peer = gossip.order.pop();
    if (peer !== undefined && state.connected.has(peer) && !next.includes(peer)) next.push(peer);
  }
  return next;
}
