/**
 * One shard as a node holds it: its registers, with their clock and digest. Pure in what it computes;
 * the map is changed in place, because it is large and no one but its owner holds it.
 */
import type { NodeId } from "../core/ids.ts";
import type { ShardId } from "../ring/ranking.ts";
import { addToDigest, bucketOf, type Digest, emptyDigest } from "./digest.ts";
import {
  clockZero,
  compareStamps,
  type HybridClock,
  isTooFarAhead,
  nextTime,
  type Stamp,
  seenTime,
} from "./hlc.ts";
import { isConflict, newerOf, type Register, seenBy } from "./register.ts";
import { isDispensable, isRemoval } from "./removals.ts";

export interface Replica {
  readonly shard: ShardId;
  readonly self: NodeId;
  readonly registers: Map<string, Register>;
  readonly digest: Digest;
  /** The keys of what is held against others alone: registers that are tombstones, and removals. */
  readonly tombstones: Set<string>;
  clock: HybridClock;
}

/** Two writes neither of whose authors saw the other: the newer one is kept. May be told repeatedly. */
export interface Conflict {
  readonly winner: Register;
  readonly loser: Register;
}

export interface Merged {
  /** What replaced something, or is new; to be persisted. */
  readonly changed: readonly Register[];
  readonly conflicts: readonly Conflict[];
  /** Stamped by a clock over 60 s ahead of this node's, and not taken. */
  readonly refused: readonly Register[];
}

/** A replica with what its disk has kept. */
export function openReplica(shard: ShardId, self: NodeId, kept: Iterable<Register>): Replica {
  const replica: Replica = {
    shard,
    self,
    registers: new Map(),
    digest: emptyDigest(),
    tombstones: new Set(),
    clock: clockZero,
  };
  for (const register of kept) hold(replica, register);
  return replica;
}

/** Writes here and now, above all that this replica has seen; `value` undefined removes the key. */
export function writeRegister(
  replica: Replica,
  key: string,
  value: unknown,
  wallMs: number,
): Register {
  const { wall, counter } = nextTime(replica.clock, wallMs);
  // Not by spreading: each object would have a hidden class of its own, of thrice its size.
  const stamp: Stamp = { wall, counter, origin: replica.self };
  const seen = seenBy(stamp, replica.registers.get(key));
  const register: Register = { key, value, stamp, seen };
  hold(replica, register);
  return register;
}

/** Takes in what another replica holds. Idempotent; any order of arrival ends the same. */
export function mergeRegisters(
  replica: Replica,
  registers: readonly Register[],
  wallMs: number,
): Merged {
  const changed: Register[] = [];
  const conflicts: Conflict[] = [];
  const refused: Register[] = [];
  for (const told of registers) {
    const held = replica.registers.get(told.key);
    if (held !== undefined && compareStamps(told.stamp, held.stamp) === 0) continue;
    if (isTooFarAhead(told.stamp, wallMs)) {
      refused.push(told);
      continue;
    }
    const winner = held === undefined ? told : newerOf(held, told);
    const loser = winner === told ? held : told;
    if (loser !== undefined && isConflict(winner, loser)) conflicts.push({ winner, loser });
    if (winner === held) continue;
    hold(replica, told);
    changed.push(told);
  }
  return { changed, conflicts, refused };
}

/** The value of `key`, or undefined if it was removed or never written. */
export function readValue(replica: Replica, key: string): unknown {
  return replica.registers.get(key)?.value;
}

/** Every register with a value whose key starts with `prefix`, in order of keys. */
export function listRegisters(replica: Replica, prefix: string): readonly Register[] {
  return [...replica.registers.values()]
    .filter(({ key, value }) => value !== undefined && key.startsWith(prefix))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
}

/** Everything in `buckets`, tombstones too. */
export function registersIn(replica: Replica, buckets: ReadonlySet<number>): readonly Register[] {
  if (buckets.size === 0) return [];
  return [...replica.registers.values()].filter(({ key }) => buckets.has(bucketOf(key)));
}

/** Forgets what no one misses, if it is still the one of that stamp. Returns whether it was. */
export function forget(replica: Replica, key: string, stamp: Stamp): boolean {
  const { registers } = replica;
  const held = registers.get(key);
  if (held === undefined || compareStamps(held.stamp, stamp) !== 0) return false;
  if (!isDispensable(held, registers)) return false;
  drop(replica, key);
  return true;
}

/** Takes a register out as if it had never been. */
export function drop(replica: Replica, key: string): void {
  const held = replica.registers.get(key);
  if (held === undefined) return;
  addToDigest(replica.digest, held, -1);
  replica.registers.delete(key);
  replica.tombstones.delete(key);
}

function hold(replica: Replica, register: Register): void {
  const held = replica.registers.get(register.key);
  if (held !== undefined) addToDigest(replica.digest, held, -1);
  addToDigest(replica.digest, register, 1);
  replica.registers.set(register.key, register);
  if (register.value === undefined || isRemoval(register)) replica.tombstones.add(register.key);
  else replica.tombstones.delete(register.key);
  replica.clock = seenTime(replica.clock, register.stamp);
}
