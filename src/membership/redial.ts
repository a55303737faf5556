/**
 * When to dial whom. Whoever is known and not connected is dialed until it was forgotten, the dead ever
 * less often: that is how partitions heal and restarted nodes come back. Where many are left, they
 * share that work.
 */
import type { NodeId } from "../core/ids.ts";
import { areNeighbours } from "./mesh.ts";
import { type MembershipState, selfOf, type Turn } from "./state.ts";
import { isLive, type MemberRecord } from "./view.ts";

/** A dial that was never answered for, one way or the other, is taken for failed after this. */
const unansweredMs = 10_000;
/** So long the dead are dialed at the first pace. */
const firstPaceMs = 600_000;
/** With more live nodes than this each dials the dead in proportion less often. */
const shareAmong = 8;

/** Sees to it that `id` is dialed, now or in `delayMs`, if it is to be connected with, and else not. */
export function seeToDial(turn: Turn, id: NodeId, delayMs = 0): void {
  const { state, nowMs } = turn;
  const { nodes } = state.redial;
  if (!isWanted(state, id)) nodes.delete(id);
  else nodes.set(id, Math.min(nodes.get(id) ?? Number.POSITIVE_INFINITY, nowMs + delayMs));
}

/** How long a node that was just met may wait: the smaller id's dial is the one to stay. */
export function headStartMs({ self, options }: MembershipState, id: NodeId): number {
  return id > self ? 0 : options.headStartMs;
}

/** The dial of `address` failed: those behind it are tried again when their state says. */
export function tryAgain(turn: Turn, address: string): void {
  const { state, nowMs } = turn;
  const { redial, options } = state;
  redial.dialing.delete(address);
  if (redial.joins.has(address)) redial.joins.set(address, nowMs + options.redialMs);
  for (const record of dialedAt(state, address))
    redial.nodes.set(record.id, nowMs + pauseMs(turn, record));
}

/** Those that are to be connected with, and were last known at `address`. */
export function dialedAt({ redial, roster }: MembershipState, address: string): MemberRecord[] {
  return [...redial.nodes.keys()].flatMap((id) => {
    const record = roster.get(id);
    return record?.address === address ? [record] : [];
  });
}

export function redialDueAtMs({ redial, self, roster }: MembershipState): number {
  if (roster.get(self)?.state === "left") return Number.POSITIVE_INFINITY;
  let due = Number.POSITIVE_INFINITY;
  for (const atMs of redial.joins.values()) due = Math.min(due, atMs);
  for (const atMs of redial.nodes.values()) due = Math.min(due, atMs);
  return due;
}

/** Dials whom it is time to dial. Returns those who were not dialed, since another node has their address. */
export function redialDue(turn: Turn): readonly MemberRecord[] {
  const { state, nowMs } = turn;
  const { joins, nodes } = state.redial;
  const displaced: MemberRecord[] = [];
  if (selfOf(state).state === "left") return displaced;
  for (const [address, atMs] of joins) {
    if (atMs > nowMs) continue;
    joins.set(address, nowMs + unansweredMs);
    if (isConnectedAt(state, address)) joins.delete(address);
    else dial(turn, address);
  }
  for (const [id, atMs] of nodes) {
    if (atMs > nowMs) continue;
    const record = state.roster.get(id);
    if (record === undefined || !isWanted(state, id)) {
      nodes.delete(id);
      continue;
    }
    nodes.set(id, nowMs + Math.max(unansweredMs, pauseMs(turn, record)));
    if (isConnectedAt(state, record.address)) displaced.push(record);
    else dial(turn, record.address);
  }
  return displaced;
}

/** Whether the node of that address is connected. */
export function isConnectedAt(
  { connected, roster, self }: MembershipState,
  address: string,
): boolean {
  if (roster.get(self)?.address === address) return true;
  for (const id of connected) if (roster.get(id)?.address === address) return true;
  return false;
}

function dial({ state, nowMs, effects }: Turn, address: string): void {
  const { dialing } = state.redial;
  const since = dialing.get(address);
  if (since !== undefined && nowMs - since < unansweredMs) return;
  dialing.set(address, nowMs);
  effects.push({ kind: "dial", address });
}

function isWanted(state: MembershipState, id: NodeId): boolean {
  const record = state.roster.get(id);
  if (record === undefined || id === state.self || state.connected.has(id)) return false;
  switch (record.state) {
    case "alive":
    case "suspect":
      return state.redial.wanted.has(id) || areNeighbours(state, state.self, id);
    case "away":
    case "dead":
      return true;
    case "left":
    case "forgotten":
      return false;
  }
}

function pauseMs({ state, nowMs }: Turn, record: MemberRecord): number {
  const { options, roster, redial, draw } = state;
  if (isLive(record)) return options.redialMs;
  const goneMs = nowMs - (redial.goneAtMs.get(record.id) ?? nowMs);
  if (record.state === "away" && goneMs < 2 * options.awaySilenceMs) return options.redialMs;
  const { redialDeadMs, redialMsMax } = options;
  const slower = redialDeadMs * (goneMs / firstPaceMs);
  const shared = Math.max(redialDeadMs, slower) * Math.max(1, roster.live / shareAmong);
  return Math.min(redialMsMax, shared) * (0.9 + 0.2 * draw());
}
