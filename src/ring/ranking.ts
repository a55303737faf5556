/**
 * Who holds a shard: rendezvous (highest random weight) hashing ranks all nodes for each of 1,024
 * shards. Everyone with the same nodes finds the same ranking, and a node that comes or goes moves
 * only the shards that it wins or held. Thaler and Ravishankar (1998); weights after Schindelhauer.
 */
import type { NodeId } from "../core/ids.ts";
import { asFraction, hashText } from "./hash.ts";

/** Fixed for ever: it is part of where records are. */
export const shardCount = 1_024;

declare const shardBrand: unique symbol;
/** 0 to 1,023. */
export type ShardId = number & { readonly [shardBrand]: true };

export interface RankedNode {
  readonly id: NodeId;
  /** Share of shards relative to other nodes; default 1, above 0. */
  readonly weight?: number;
}

/** The shard of everything that belongs to a group. */
export function shardOf(groupName: string): ShardId {
  return (hashText(groupName).high % shardCount) as ShardId;
}

/** All of `nodes`, best first: the first min(N, 3) are to hold the shard. Ties go to the smaller id. */
export function rank(shard: ShardId, nodes: readonly RankedNode[]): readonly NodeId[] {
  return nodes
    .map(({ id, weight = 1 }) => ({ id, score: score(shard, id, weight) }))
    .sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1))
    .map(({ id }) => id);
}

/** With -w / ln(u), u uniform in (0, 1), the chance to be highest is w's share of all weights. */
function score(shard: ShardId, id: NodeId, weight: number): number {
  return -weight / Math.log(asFraction(hashText(id, shard + 1)));
}
