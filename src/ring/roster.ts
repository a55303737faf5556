/**
 * Which nodes make up the ring. One that is gone keeps its place for 30 s, so that a restart moves
 * nothing; after that the next of each ranking takes it, until it is back. Pure.
 */
import type { NodeId } from "../core/ids.ts";
import type { RingNode } from "./homes.ts";

/** How long a node may be gone before its shards are held by others in its place. */
export const absentMsMax = 30_000;

/** Since when each node that is not live is gone, in ms of a monotonic clock. */
export type Roster = ReadonlyMap<NodeId, number>;

export interface RosterStep {
  readonly roster: Roster;
  readonly ring: readonly RingNode[];
  /** When the next node loses its place, if nothing happens meanwhile; undefined: none will. */
  readonly dueInMs: number | undefined;
}

/** @param members all that are known, those that left for good aside */
export function stepRoster(
  roster: Roster,
  members: readonly RingNode[],
  nowMs: number,
): RosterStep {
  const gone = members.filter(({ isLive }) => !isLive);
  const next = new Map(gone.map(({ id }) => [id, roster.get(id) ?? nowMs]));
  const leftMs = (id: NodeId) => (next.get(id) ?? nowMs) + absentMsMax - nowMs;
  const ring = members.filter(({ id, isLive }) => isLive || leftMs(id) > 0);
  const dues = gone.map(({ id }) => leftMs(id)).filter((ms) => ms > 0);
  return { roster: next, ring, dueInMs: dues.length > 0 ? Math.min(...dues) : undefined };
}
