/**
 * What a node does with a shard when it learns that its disk is an old snapshot, or that it was
 * forgotten meanwhile: the others may have dropped tombstones of what it holds, so it must not give
 * any of it back. It holds nothing any more, and goes on showing it until a peer has told what is so:
 * else services would be stopped and started again that are as they should be.
 */
import { emptyDigest } from "./digest.ts";
import { drop } from "./replica.ts";
import type { ReplicationEffect, ReplicationState } from "./replication.ts";

export function onBlank({ replica, ghosts }: ReplicationState): readonly ReplicationEffect[] {
  const held = [...replica.registers.values()];
  for (const { key, stamp, value } of held) {
    if (value !== undefined) ghosts.set(key, stamp);
    drop(replica, key);
  }
  replica.digest.set(emptyDigest());
  return held.length > 0 ? [{ kind: "forget", keys: held.map(({ key }) => key) }] : [];
}

/** A peer has told all that it holds: what it did not tell of is no more. */
export function layGhosts({ replica, ghosts }: ReplicationState): readonly ReplicationEffect[] {
  const gone = [...ghosts]
    .filter(([key]) => !replica.registers.has(key))
    .map(([key, stamp]) => ({ key, stamp, seen: [] }));
  ghosts.clear();
  return gone.length > 0 ? [{ kind: "changed", registers: gone }] : [];
}
