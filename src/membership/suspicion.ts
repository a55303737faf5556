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
    if (known.by.has(by) || known.by.size > state.options.confirmations) return;
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

/**
 * When the suspicion becomes a death, as far as it has been confirmed. Lifeguard, section IV.B.
 * @param enough confirmations after which the least time applies
 */
function endsAtMs({ sinceMs, leastMs, mostMs, by }: Suspicion, enough: number): number {
  const confirmations = by.size - 1;
  if (confirmations >= enough) return sinceMs + leastMs;
  const share = Math.log(confirmations + 1) / Math.log(enough + 1);
  return sinceMs + Math.max(leastMs, mostMs - (mostMs - leastMs) * share);
}

/** Who is suspected as well confirms nothing: of several nodes that vanish at once none waits for another. */
function confirmationsEnough({ roster, options, suspicions }: MembershipState): number {
  const othersAlive = roster.live - 1 - suspicions.size;
  return Math.max(0, Math.min(options.confirmations, othersAlive));
}

export function suspicionDueAtMs(state: MembershipState): number {
  if (state.suspicions.size === 0) return Number.POSITIVE_INFINITY;
  const enough = confirmationsEnough(state);
  let due = Number.POSITIVE_INFINITY;
  for (const suspicion of state.suspicions.values()) {
    due = Math.min(due, endsAtMs(suspicion, enough));
  }
  return due;
}

/** Declares dead who has not refuted in time. */
export function suspicionsDue(turn: Turn): void {
  const { state, nowMs } = turn;
  if (state.suspicions.size === 0) return;
  const enough = confirmationsEnough(state);
  for (const [id, suspicion] of state.suspicions) {
    const endMs = endsAtMs(suspicion, enough);
    if (endMs > nowMs) continue;
    if (!suspicion.isLast) {
      suspicion.isLast = true;
      suspicion.sinceMs += nowMs - endMs + state.options.lateRestMs;
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
  const { suspicionFactor, suspicionStretch, probeMs } = options;
  const leastMs = suspicionFactor * Math.max(1, Math.log10(roster.live)) * probeMs;
  return { leastMs, mostMs: leastMs * suspicionStretch };
}
