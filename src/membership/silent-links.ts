/**
 * Connections over which nothing comes any more though the node at the other end lives, as others tell: a firewall
 * has forgotten them, or a direction of the link is cut. The system takes up to a quarter of an hour to notice, in
 * which all that is for that node would wait. So such a connection is probed again and again, then closed and made anew.
 */
import type { NodeId } from "../core/ids.ts";
import { stretched } from "./health.ts";
import { isReached, type MembershipState, type Turn } from "./state.ts";

/** A probe of `peer` was not answered over the connection with it, but through another node. */
export function foundSilent({ state, nowMs, effects }: Turn, peer: NodeId): void {
  const { silences, connected, options } = state;
  if (!connected.has(peer)) return;
  const silence = silences.get(peer);
  if (silence === undefined) {
    silences.set(peer, { sinceMs: nowMs, probeAtMs: nowMs + stretched(state, options.probeMs) });
  } else if (nowMs - silence.sinceMs >= options.linkSilenceMs) {
    silences.delete(peer);
    const reason = "nothing comes over it, though others reach the node";
    effects.push({ kind: "close", peer, reason });
  }
}

/** Something came over the connection with `peer`, or there is none any more. */
export function endSilence({ silences }: MembershipState, peer: NodeId): void {
  if (silences.size > 0) silences.delete(peer);
}

export function silencesDueAtMs({ silences }: MembershipState): number {
  let due = Number.POSITIVE_INFINITY;
  for (const { probeAtMs } of silences.values()) due = Math.min(due, probeAtMs);
  return due;
}

/** Has whom it is time for probed out of turn. Who does not live is probed by no one. */
export function silencesDue({ state, nowMs }: Turn): void {
  const { silences, probing, options } = state;
  for (const [peer, silence] of silences) {
    if (silence.probeAtMs > nowMs) continue;
    silence.probeAtMs = nowMs + stretched(state, options.probeMs);
    if (isReached(state, peer)) probing.urgent.push(peer);
    else silences.delete(peer);
  }
}
