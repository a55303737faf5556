/**
 * Nodes that keep dying: three deaths within five minutes mark one, and a minute alive takes the mark
 * back. Nothing new is placed on it meanwhile. Each node counts for itself.
 */
import type { NodeId } from "../core/ids.ts";
import type { MembershipState, Turn } from "./state.ts";

/** A node that was live is not any more, or came back so soon that nobody saw it gone. */
export function noteDeath({ state, nowMs }: Turn, id: NodeId): void {
  const { deaths, options } = state;
  const before = deaths.get(id)?.atMs ?? [];
  const recent = before.filter((atMs) => nowMs - atMs < options.flapWithinMs);
  const atMs = [...recent, nowMs].slice(-options.flapDeaths);
  deaths.set(id, { atMs, stableAtMs: undefined });
}

/** A node is alive again, or still. */
export function noteAlive({ state, nowMs }: Turn, id: NodeId): void {
  const noted = state.deaths.get(id);
  if (noted === undefined || noted.stableAtMs !== undefined) return;
  state.deaths.set(id, { ...noted, stableAtMs: nowMs + state.options.flapStableMs });
}

export function isFlapping({ deaths, options }: MembershipState, id: NodeId): boolean {
  const noted = deaths.get(id);
  return noted !== undefined && noted.atMs.length >= options.flapDeaths;
}

export function flappingDueAtMs({ deaths }: MembershipState): number {
  let due = Number.POSITIVE_INFINITY;
  for (const { stableAtMs } of deaths.values()) due = Math.min(due, stableAtMs ?? due);
  return due;
}

/** Takes back the marks of those that were alive for long enough. */
export function flappingDue({ state, nowMs }: Turn): void {
  const { deaths, options } = state;
  for (const [id, noted] of deaths) {
    if (noted.stableAtMs === undefined || noted.stableAtMs > nowMs) continue;
    if (isFlapping(state, id)) {
      deaths.delete(id);
      state.publish.isChanged = true;
      continue;
    }
    const last = noted.atMs.at(-1) ?? nowMs;
    if (nowMs - last >= options.flapWithinMs) deaths.delete(id);
    else deaths.set(id, { ...noted, stableAtMs: last + options.flapWithinMs });
  }
}
