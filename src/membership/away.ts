/**
 * Processes that are gone while their host lives: a connection that closed unannounced, and a redial
 * that is refused. Two nodes must have seen that (one, where there is no other): then the node is away
 * at once, and no one waits for a suspicion. One broken link accuses nobody.
 */
import type { NodeId } from "../core/ids.ts";
import { isFullMesh } from "./mesh.ts";
import { hold, tell } from "./standing.ts";
import type { MembershipState, Turn } from "./state.ts";
import { isLive, type MemberRecord } from "./view.ts";

/** A dial of the address of `record`, which this node was once connected with, was refused. */
export function onRefused(turn: Turn, record: MemberRecord): void {
  const { state, nowMs } = turn;
  const { refusedAtMs, lost } = state.redial;
  if (!isLive(record)) {
    if (record.state === "away") refusedAtMs.set(record.id, nowMs);
  } else if (lost.has(record.id)) sawGone(turn, record, state.self);
}

/** The host of an away node does not answer a dial any more: after a while that is a death. */
export function onUnreachable(turn: Turn, record: MemberRecord): void {
  const { state, nowMs } = turn;
  if (record.state !== "away") return;
  const { refusedAtMs, goneAtMs } = state.redial;
  const lastMs = refusedAtMs.get(record.id) ?? goneAtMs.get(record.id) ?? nowMs;
  if (nowMs - lastMs < state.options.awaySilenceMs) return;
  const dead: MemberRecord = { ...record, state: "dead" };
  hold(turn, dead);
  tell(state, dead);
}

/**
 * Another node answers at the address of `record`: its process is gone, and its host no longer its own,
 * as when a machine starts again with a blank disk.
 */
export function onDisplaced(turn: Turn, record: MemberRecord): void {
  const { state } = turn;
  if (!isLive(record)) {
    onUnreachable(turn, record);
    return;
  }
  if (state.redial.lost.has(record.id)) sawGone(turn, record, state.self);
  // Beyond a full mesh nobody probes whom he is not connected with: those who should be are asked for it.
  if (!isFullMesh(state)) state.probing.urgent.push(record.id);
}

/** `by` saw the process of a live node gone. */
export function sawGone(turn: Turn, record: MemberRecord, by: NodeId): void {
  const { state } = turn;
  const held = state.roster.get(record.id);
  if (held === undefined || !isLive(held) || held.incarnation !== record.incarnation) return;
  const { incarnation } = held;
  const known = state.gone.get(held.id)?.by ?? new Set();
  if (known.has(by)) return;
  state.gone.set(held.id, { incarnation, by: known.add(by) });
  tell(state, { ...held, state: "away" }, by);
}

/** Whoever enough have seen gone is away. Looked at whenever observers have come or gone. */
export function settleAway(turn: Turn): void {
  const { state } = turn;
  for (const [id, { by }] of state.gone) {
    const held = state.roster.get(id);
    if (held === undefined || by.size < witnessesNeeded(state, id)) continue;
    const away: MemberRecord = { ...held, state: "away" };
    hold(turn, away);
    tell(state, away);
  }
}

/** Those who could have seen it: the live, other than those that this node itself saw gone. */
function witnessesNeeded({ roster, gone, self, options }: MembershipState, id: NodeId): number {
  let observers = roster.live - 1;
  for (const [other, { by }] of gone) if (other !== id && by.has(self)) observers -= 1;
  return Math.max(1, Math.min(options.awayWitnesses, observers));
}
