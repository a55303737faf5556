/**
 * When a tombstone may go: once every node of the network, the gone ones too, has it on disk or was
 * forgotten, since any of them may hold what it removed. The node that writes for the shard asks all;
 * whoever holds exactly the same flushes and says so; when all have, it tells all to forget.
 */
import type { NodeId } from "../core/ids.ts";
import { rootOf } from "./digest.ts";
import { forgetTombstone, type Replica } from "./replica.ts";
import type { ReplicationEffect, ReplicationState, Tombstone } from "./replication.ts";

/**
 * Younger tombstones stay, in ms: a node that has just joined through another may hold what they
 * removed and not be known here yet.
 */
export const purgeAfterMs = 60_000;
/** Tombstones forgotten at once: the message stays small. */
export const purgeMax = 1_000;

/** Asks everyone, if this node writes for the shard and no one is gone who may hold what was removed. */
export function onPurgeDue(state: ReplicationState, wallMs: number): readonly ReplicationEffect[] {
  const { replica, place } = state;
  state.purge = undefined;
  if (place.acting[0] !== replica.self || place.live.length + 1 < place.known) return [];
  const tombstones = oldTombstones(replica, wallMs);
  if (tombstones.length === 0) return [];
  const root = rootOf(replica.digest);
  state.purge = { root, tombstones, confirmed: new Set() };
  return [
    { kind: "flush", purpose: { kind: "confirm", peer: replica.self, root } },
    ...place.live.map((to) => confirmTo(replica, to, root, false)),
  ];
}

/** `from` asks whether this is held here, or says that it is held there. */
export function onConfirm(
  state: ReplicationState,
  from: NodeId,
  root: string,
  isAnswer: boolean,
): readonly ReplicationEffect[] {
  if (isAnswer) return confirmedBy(state, from, root);
  if (rootOf(state.replica.digest) !== root) return []; // Repair sees to it; the next time, then.
  return [{ kind: "flush", purpose: { kind: "confirm", peer: from, root } }];
}

/** What `root` sums up is on this node's disk. */
export function onConfirmFlushed(
  state: ReplicationState,
  peer: NodeId,
  root: string,
): readonly ReplicationEffect[] {
  const { replica } = state;
  if (peer === replica.self) return confirmedBy(state, peer, root);
  return [confirmTo(replica, peer, root, true)];
}

/** Everyone has them: they go, where no later write has replaced them. */
export function onPurge(
  { replica }: ReplicationState,
  tombstones: readonly Tombstone[],
): readonly ReplicationEffect[] {
  const keys = tombstones
    .filter(({ key, stamp }) => forgetTombstone(replica, key, stamp))
    .map(({ key }) => key);
  return keys.length > 0 ? [{ kind: "forget", keys }] : [];
}

function confirmedBy(
  state: ReplicationState,
  node: NodeId,
  root: string,
): readonly ReplicationEffect[] {
  const { purge, place, replica } = state;
  if (purge === undefined || purge.root !== root) return [];
  purge.confirmed.add(node);
  const everyone = [replica.self, ...place.live];
  if (everyone.length < place.known) return [];
  if (!everyone.every((one) => purge.confirmed.has(one))) return [];
  state.purge = undefined;
  const { shard } = replica;
  const { tombstones } = purge;
  const sends = place.live.map(
    (to): ReplicationEffect => ({
      kind: "send",
      to,
      message: { kind: "store-purge", shard, tombstones },
    }),
  );
  return [...onPurge(state, tombstones), ...sends];
}

function oldTombstones(replica: Replica, wallMs: number): readonly Tombstone[] {
  const tombstones: Tombstone[] = [];
  for (const key of replica.tombstones) {
    const stamp = replica.registers.get(key)?.stamp;
    if (stamp !== undefined && wallMs - stamp.wall >= purgeAfterMs) tombstones.push({ key, stamp });
    if (tombstones.length === purgeMax) break;
  }
  return tombstones;
}

function confirmTo(
  { shard }: Replica,
  to: NodeId,
  root: string,
  isAnswer: boolean,
): ReplicationEffect {
  return { kind: "send", to, message: { kind: "store-confirm", shard, root, isAnswer } };
}
