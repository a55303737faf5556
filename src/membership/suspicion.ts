/**
 * Suspicion (SWIM, section 4.2, with Lifeguard's dynamic timeout): who does not answer is suspected
 * first, may refute it, and is dead when it has not. The more nodes confirm, the shorter it takes.
 */
import type { NodeId } from "../core/ids.ts";
import { hold, tell } from "./standing.ts";
import type { MembershipState, Suspicion, Turn } from "./state.ts";
import { isLive, type MemberRecord } from "./view.ts";

/** The nearest nodes before it on the ring look for themselves at once when one is suspected. */
const witnesses = 4;

/** `by` got no answer from the node of `record`. */
export function suspect(turn: Turn, record: MemberRecord, by: NodeId): void {
  const { state, nowMs } = turn;
  const held = state.roster.get(record.id);
  if (held === undefined || !isLive(held) || held.incarnation !== record.incarnation) return;
  const known = state.suspicions.get(held.id);
  if (known !== undefined) {
    if (known.by.has(by) || known.by.size > known.enough) return;
    known.by.add(by);
    tell(state, { ...held, state: "suspect" }, by);
    return;
  }
  hold(turn, { ...held, state: "suspect" });
  state.suspicions.set(held.id, {
    ...timesOf(state),
    sinceMs: nowMs,
    isLast: false,
    by: new Set([by]),
  });
  tell(state, { ...held, state: "suspect" }, by);
  const isWitness = state.roster.predecessors(held.id, witnesses).includes(state.self);
  if (by !== state.self && isWitness) state.probing.urgent.push(held.id);
}

/** When the suspicion becomes a death, as far as it has been confirmed. Lifeguard, section IV.B. */
export function suspicionEndsAtMs({ sinceMs, leastMs, mostMs, enough, by }: Suspicion): number {
  const confirmations = by.size - 1;
  if (confirmations >= enough) return sinceMs + leastMs;
  const share = Math.log(confirmations + 1) / Math.log(enough + 1);
  return sinceMs + Math.max(leastMs, mostMs - (mostMs - leastMs) * share);
}

export function suspicionDueAtMs({ suspicions }: MembershipState): number {
  let due = Number.POSITIVE_INFINITY;
  for (const suspicion of suspicions.values()) due = Math.min(due, suspicionEndsAtMs(suspicion));
  return due;
}

/** Declares dead who has not refuted in time. */
export function suspicionsDue(turn: Turn): void {
  const { state, nowMs } = turn;
  for (const [id, suspicion] of state.suspicions) {
    if (suspicionEndsAtMs(suspicion) > nowMs) continue;
    if (!suspicion.isLast) {
      suspicion.isLast = true;
      suspicion.sinceMs += nowMs - suspicionEndsAtMs(suspicion) + state.options.lateRestMs;
      continue;
    }
    const held = state.roster.get(id);
    if (held === undefined) continue;
    const dead: MemberRecord = { ...held, state: "dead" };
    hold(turn, dead);
    tell(state, dead);
  }
}

function timesOf({ roster, options }: MembershipState) {
  const { suspicionFactor, suspicionStretch, probeMs, confirmations } = options;
  const leastMs = suspicionFactor * Math.max(1, Math.log10(roster.live)) * probeMs;
  const enough = Math.max(0, Math.min(confirmations, roster.live - 2));
  return { leastMs, mostMs: leastMs * suspicionStretch, enough };
}
