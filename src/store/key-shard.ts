/**
 * In which shard a key is: that of the group it is of, which is its second part (`spec/web`,
 * `placement/web/db/0`), so that all records of a group are in one.
 */
import { type ShardId, shardOf } from "../ring/ranking.ts";

export function shardOfKey(key: string): ShardId {
  const kindEnd = key.indexOf("/");
  if (kindEnd < 0) return shardOf("");
  const groupEnd = key.indexOf("/", kindEnd + 1);
  return shardOf(key.slice(kindEnd + 1, groupEnd < 0 ? undefined : groupEnd));
}
