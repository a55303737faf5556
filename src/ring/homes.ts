/**
 * Who holds a shard now: the first min(N, 3) of its ranking are its homes; those of them that live act
 * for it. Where none lives, the first three of the live stand in, so that every side of a partition
 * can write. Everyone with the same view finds the same.
 */
import type { NodeId } from "../core/ids.ts";
import { type RankedNode, rank, type ShardId } from "./ranking.ts";

/** Homes of a shard, where there are as many nodes. */
export const replicasMax = 3;

export interface RingNode extends RankedNode {
  readonly isLive: boolean;
}

export interface Homes {
  /** In order of rank. */
  readonly homes: readonly NodeId[];
  /** Who is to flush a write now, in order of rank: the first of them writes. Empty: no one lives. */
  readonly acting: readonly NodeId[];
}

/** @param nodes the ring: those gone for too long to count are not in it */
export function homesOf(shard: ShardId, nodes: readonly RingNode[]): Homes {
  const isLive = new Map(nodes.map((node) => [node.id, node.isLive]));
  const ranking = rank(shard, nodes);
  const homes = ranking.slice(0, replicasMax);
  const live = homes.filter((id) => isLive.get(id));
  if (live.length > 0) return { homes, acting: live };
  return { homes, acting: ranking.filter((id) => isLive.get(id)).slice(0, replicasMax) };
}

/** Whether every shard is where it was. */
export function isSameRing(a: readonly RingNode[], b: readonly RingNode[]): boolean {
  const isSame = (one: RingNode, other: RingNode | undefined) =>
    one.id === other?.id && one.isLive === other.isLive && one.weight === other.weight;
  return a.length === b.length && a.every((one, at) => isSame(one, b[at]));
}
