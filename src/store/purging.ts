/**
 * When a tombstone may go, and a removal that stands against nothing: once every node of the network,
 * the gone ones too, has it on disk or was forgotten, since any of them may hold what it removed. The node that writes for the shard asks all;
 * whoever holds exactly the same flushes and says so; when all have, it tells all to forget.
 */
import type { NodeId } from "../core/ids.ts";
import { rootOf } from "./digest.ts";
import { leftOf } from "./removals.ts";
import { forget, type Replica } from "./replica.ts";
import type { Now, ReplicationEffect, ReplicationState, Tombstone } from "./replication.ts";

/**
 * Younger tombstones stay, in ms: a node that has just joined through another may hold what they
 * removed and not be known here yet.
 */
export const purgeAfterMs = 60_000;
/**
 * How long the nodes must have been the same ones, in ms: what was decided by a node that had not heard of a
 * removal, and is still on its way to be written, has arrived by then.
 */
export const settledMs = 30_000;
/** Tombstones forgotten at once: the message stays small. */
export const purgeMax = 1_000;

/** Asks everyone, if this node writes for the shard and no one is gone who may hold what was removed. */
export function onPurgeDue(state: ReplicationState, now: Now): readonly ReplicationEffect[] {
  const { replica, place, placedAtMs } = state;
  state.purge = undefined;
  if (place.acting[0] !== replica.self || place.live.length + 1 < place.known) return [];
  if (now.monoMs - placedAtMs < settledMs) return [];
  const tombstones = oldTombstones(replica, now.wallMs);
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
  const gone = tombstones.filter(({ key, stamp }) => forget(replica, key, stamp));
  if (gone.length === 0) return [];
  return [
    // A tombstone reads the same when it is gone; the others do not.
    { kind: "changed", registers: gone.map(({ key, stamp }) => ({ key, stamp, seen: [] })) },
    { kind: "forget", keys: gone.map(({ key }) => key) },
  ];
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

/** Of a removal of which something is left, that goes first, and the removal another time. */
function oldTombstones(replica: Replica, wallMs: number): readonly Tombstone[] {
  const { registers, tombstones: keys } = replica;
  const tombstones: Tombstone[] = [];
  for (const key of keys) {
    const held = registers.get(key);
    if (held === undefined || wallMs - held.stamp.wall < purgeAfterMs) continue;
    const left = held.value === undefined ? [] : leftOf(held, registers);
    tombstones.push(...(left.length > 0 ? left : [held]).map(({ key, stamp }) => ({ key, stamp })));
    if (tombstones.length >= purgeMax) break;
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
