/**
 * When a tombstone may go, and a removal that stands against nothing: once every node of the network,
 * the gone ones too, has it on disk or was forgotten, since any of them may hold what it removed. The
 * node that writes for the shard asks all; whoever holds exactly the same flushes and says so; when all
 * have, it tells all to forget. Who passes the question on answers for all behind it, with their number:
 * the numbers add up only if nobody was left out.
 */
import type { NodeId } from "../core/ids.ts";
import { sizeOf } from "../ring/spread.ts";
import { rootOf } from "./digest.ts";
import { compareStamps, newerStamp } from "./hlc.ts";
import type { Register } from "./register.ts";
import { leftOf } from "./removals.ts";
import { forget, type Replica } from "./replica.ts";
import type {
  Now,
  PurgeMessage,
  ReplicationEffect,
  ReplicationState,
  Tombstone,
} from "./replication.ts";
import { passOn } from "./spreading.ts";

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
/**
 * For how long after a purge it is remembered what went, in ms. Whoever has yet to hear of the purge compares meanwhile,
 * and would give it back. That long a node that missed it has six comparisons.
 */
export const purgedMs = 60_000;

/** Asks everyone, if this node writes for the shard and no one is gone who may hold what was removed. */
export function onPurgeDue(state: ReplicationState, now: Now): readonly ReplicationEffect[] {
  const { replica, place, placedAtMs } = state;
  state.purge = undefined;
  if (now.monoMs - state.purgedAtMs >= purgedMs) state.purged.clear();
  if (place.acting[0] !== replica.self || place.live.length + 1 < place.known) return [];
  if (now.monoMs - placedAtMs < settledMs) return [];
  const tombstones = oldTombstones(replica, now.wallMs);
  if (tombstones.length === 0) return [];
  const root = rootOf(replica.digest);
  const { self, shard } = replica;
  const nodes = place.known;
  state.purge = { root, tombstones, asker: self, nodes, confirmed: new Map() };
  const message = { kind: "store-confirm", shard, root, isAnswer: false, count: 0 } as const;
  return [
    { kind: "flush", purpose: { kind: "confirm", root } },
    { kind: "spread", message, until: undefined, except: [] },
  ];
}

/** `from` asks whether this is held here, or says that it is held there. */
export function onConfirm(
  state: ReplicationState,
  from: NodeId,
  message: Extract<PurgeMessage, { readonly kind: "store-confirm" }>,
  monoMs: number,
): readonly ReplicationEffect[] {
  const { root, isAnswer, onward, count = 1 } = message;
  if (isAnswer) return confirmedBy(state, from, { root, count }, monoMs);
  const { replica, place } = state;
  if (rootOf(replica.digest) !== root) return []; // Repair sees to it; the next time, then.
  const nodes = onward === undefined ? 1 : 1 + sizeOf(place.live, replica.self, onward);
  state.purge = { root, tombstones: [], asker: from, nodes, confirmed: new Map() };
  return [{ kind: "flush", purpose: { kind: "confirm", root } }, ...passOn(message)];
}

/** What `root` sums up is on this node's disk. */
export function onConfirmFlushed(
  state: ReplicationState,
  root: string,
  monoMs: number,
): readonly ReplicationEffect[] {
  return confirmedBy(state, state.replica.self, { root, count: 1 }, monoMs);
}

/** Everyone has them: they go, where no later write has replaced them. */
export function onPurge(
  state: ReplicationState,
  tombstones: readonly Tombstone[],
  monoMs: number,
): readonly ReplicationEffect[] {
  const { replica, purged } = state;
  const gone = tombstones.filter(({ key, stamp }) => forget(replica, key, stamp));
  if (gone.length === 0) return [];
  for (const { key, stamp } of gone) purged.set(key, stamp);
  state.purgedAtMs = monoMs;
  return [
    // A tombstone reads the same when it is gone; the others do not.
    { kind: "changed", registers: gone.map(({ key, stamp }) => ({ key, stamp, seen: [] })) },
    forgetting(gone),
  ];
}

/** What is told and was not purged here; whoever told what was is told of that. */
export function sift(
  { replica: { shard }, purged }: ReplicationState,
  from: NodeId,
  told: readonly Register[],
): { readonly registers: readonly Register[]; readonly answers: readonly ReplicationEffect[] } {
  const isPurged = ({ key, stamp }: Register) => {
    const last = purged.get(key);
    return last !== undefined && compareStamps(last, stamp) === 0;
  };
  if (purged.size === 0 || !told.some(isPurged)) return { registers: told, answers: [] };
  const tombstones = told.filter(isPurged).map(({ key, stamp }) => ({ key, stamp }));
  const message = { kind: "store-purge", shard, tombstones } as const;
  const registers = told.filter((register) => !isPurged(register));
  return { registers, answers: [{ kind: "send", to: from, message }] };
}

/** That these are held no longer, and by no one soon. @param gone at least one */
export function forgetting(gone: readonly Tombstone[]): ReplicationEffect {
  const horizon = gone.map(({ stamp }) => stamp).reduce(newerStamp);
  return { kind: "forget", keys: gone.map(({ key }) => key), horizon };
}

function confirmedBy(
  state: ReplicationState,
  node: NodeId,
  { root, count }: { readonly root: string; readonly count: number },
  monoMs: number,
): readonly ReplicationEffect[] {
  const { purge, place, replica } = state;
  if (purge === undefined || purge.root !== root) return [];
  purge.confirmed.set(node, count);
  let confirmed = 0;
  for (const behind of purge.confirmed.values()) confirmed += behind;
  if (confirmed !== purge.nodes || !purge.confirmed.has(replica.self)) return [];
  state.purge = undefined;
  const { shard } = replica;
  if (purge.asker !== replica.self) {
    const answer = {
      kind: "store-confirm",
      shard,
      root,
      isAnswer: true,
      count: confirmed,
    } as const;
    return [{ kind: "send", to: purge.asker, message: answer }];
  }
  if (place.known !== purge.nodes || place.live.length + 1 < place.known) return [];
  const { tombstones } = purge;
  const message = { kind: "store-purge", shard, tombstones } as const;
  return [
    ...onPurge(state, tombstones, monoMs),
    { kind: "spread", message, until: undefined, except: [] },
  ];
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
