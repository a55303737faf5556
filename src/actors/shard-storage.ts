/**
 * Where a shard's registers are in the node's storage: under the shard's number, so that a shard is
 * read without reading the others.
 */
import { type ShardId, shardCount } from "../ring/ranking.ts";
import type { Storage } from "../storage/storage.ts";
import { shardOfKey } from "../store/key-shard.ts";
import { newerOf, type Register } from "../store/register.ts";
import { decodeRegister, encodeRegister } from "../store/register-codec.ts";

/** Sets registers apart from what else the node keeps in its storage. */
const prefix = "s/";
/** Where version 0.1 kept them all. */
const oldPrefix = "r/";

export function readShard(storage: Pick<Storage, "list">, shard: ShardId): readonly Register[] {
  return [...storage.list(prefixOf(shard))].map(({ key, value }) => decodeRegister(key, value));
}

export function putRegister(storage: Storage, shard: ShardId, register: Register): void {
  storage.put(`${prefixOf(shard)}${register.key}`, encodeRegister(register));
}

export function removeRegister(storage: Storage, shard: ShardId, key: string): void {
  storage.remove(`${prefixOf(shard)}${key}`);
}

/** The shards of which anything is kept. What version 0.1 left is moved to its place first. */
export function shardsKept(storage: Storage): ReadonlySet<ShardId> {
  for (const { key, value } of [...storage.list(oldPrefix)]) {
    takeOver(storage, decodeRegister(key, value));
    storage.remove(key);
  }
  const kept = new Set<ShardId>();
  for (const { key } of storage.list(prefix)) {
    const shard = Number(key.slice(prefix.length, prefix.length + digits));
    if (Number.isInteger(shard) && shard < shardCount) kept.add(shard as ShardId);
  }
  return kept;
}

/** A folder that went back to 0.1 for a while has both: the newer one counts. */
function takeOver(storage: Storage, register: Register): void {
  const shard = shardOfKey(register.key);
  const place = `${prefixOf(shard)}${register.key}`;
  const held = storage.get(place);
  const newest = held === undefined ? register : newerOf(decodeRegister(place, held), register);
  putRegister(storage, shard, newest);
}

const digits = 4;

/** Each made once: it is asked for with every register that is put. */
const prefixes: string[] = [];

function prefixOf(shard: ShardId): string {
  prefixes[shard] ??= `${prefix}${String(shard).padStart(digits, "0")}/`;
  return prefixes[shard];
}
