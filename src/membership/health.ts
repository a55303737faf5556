/**
 * This node's doubt in itself (Lifeguard, section IV.A): the worse it does, the more time it gives the
 * others. And what a late timer means: this node stood still, and must hear what came meanwhile before
 * it accuses anyone.
 */
import type { MembershipState, Turn } from "./state.ts";

/** Adds `points` to the score, within its bounds. */
export function worsen(state: MembershipState, points: number): void {
  state.health = Math.max(0, Math.min(state.options.healthMax, state.health + points));
}

/** `ms` as long as this node's health makes it. */
export function stretched(state: MembershipState, ms: number): number {
  return ms * (state.health + 1);
}

/**
 * Where the timer came too late, every deadline that accuses someone is put off by as much, and a little
 * more: what lies in the sockets is read before any of them is due again.
 */
export function restIfLate({ state, nowMs }: Turn): void {
  const { lateMs, lateRestMs } = state.options;
  const late = nowMs - state.dueAtMs;
  if (late <= lateMs) return;
  worsen(state, 1);
  const shift = late + lateRestMs;
  const { probing } = state;
  probing.nextAtMs += shift;
  for (const probe of probing.probes.values()) {
    probe.directUntilMs += shift;
    probe.untilMs += shift;
  }
  for (const relay of probing.relays.values()) {
    relay.nackAtMs += shift;
    relay.untilMs += shift;
  }
  for (const suspicion of state.suspicions.values()) suspicion.sinceMs += shift;
  for (const silence of state.silences.values()) {
    silence.sinceMs += shift;
    silence.probeAtMs += shift;
  }
}
