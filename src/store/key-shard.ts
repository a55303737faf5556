/**
 * In which shard a key is: that of the group it is of, which is its second part (`spec/web`,
 * `placement/web/db/0`), so that all records of a group are in one.
 */
import { type ShardId, shardOf } from "../ring/ranking.ts";

export function shardOfKey(key: string): ShardId {
  return shardOf(key.split("/", 2)[1] ?? "");
}
