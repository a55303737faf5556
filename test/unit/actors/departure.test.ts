import assert from "node:assert/strict";
import { test } from "node:test";
import { completeDeparture, noteDeparture } from "../../../src/actors/departure.ts";
import { putRegister, readShard, shardsKept } from "../../../src/actors/shard-storage.ts";
import { asNodeId } from "../../../src/core/ids.ts";
import { silentLog } from "../../../src/core/log.ts";
import { openMemory } from "../../../src/storage/memory.ts";
import type { Storage } from "../../../src/storage/storage.ts";
import { shardOfKey } from "../../../src/store/key-shard.ts";

const self = asNodeId("a".repeat(32));
const other = asNodeId("b".repeat(32));
const uid = "c".repeat(16);

/** Removed, where the value is undefined. */
const records: Readonly<Record<string, unknown>> = {
  "spec/shop": { uid },
  "run/shop": { uid },
  "restart/shop": { uid },
  "supervision/shop": { uid },
  [`removed/shop/${uid}`]: { uid },
  "placement/shop/web/0": { node: self },
  "placement/shop/db/0": { node: other },
  [`status/shop/${uid}`]: { node: other },
  "lost/shop/1": { uid },
  "spec/web": { uid },
  "placement/web/0": { node: other },
  "placement/web/1": { node: null },
  [`status/web/${uid}`]: { node: self },
  "lost/web/1": { uid },
  "spec/gone": undefined,
  "placement/gone/0": undefined,
  "volume/mine": { node: self },
  "volume/theirs": { node: other },
  [`drain/${self}`]: { atMs: 1 },
  [`token/${uid}`]: { uid },
};

function filled(): Storage {
  const storage = openMemory();
  for (const [key, value] of Object.entries(records)) {
    const stamp = { wall: 1, counter: 0, origin: other };
    putRegister(storage, shardOfKey(key), { key, value, stamp, seen: [] });
  }
  return storage;
}

function keysIn(storage: Storage): readonly string[] {
  const shards = [...shardsKept(storage)];
  return shards.flatMap((shard) => readShard(storage, shard).map(({ key }) => key)).sort();
}

test("a node that has left keeps the groups that it has something of, whole, and its volumes", async () => {
  const storage = filled();
  noteDeparture(storage);
  await completeDeparture(storage, self, silentLog);
  const kept = Object.keys(records).filter((key) => /\/shop|\/mine$/.test(key));
  assert.deepEqual(keysIn(storage), kept.sort());
});

test("a node that has not left keeps everything, and so does one that has started since", async () => {
  const storage = filled();
  await completeDeparture(storage, self, silentLog);
  assert.deepEqual(keysIn(storage), Object.keys(records).sort());
  const left = openMemory();
  noteDeparture(left);
  await completeDeparture(left, self, silentLog);
  const key = "spec/web";
  const stamp = { wall: 1, counter: 0, origin: self };
  putRegister(left, shardOfKey(key), { key, value: { uid }, stamp, seen: [] });
  await completeDeparture(left, self, silentLog);
  assert.deepEqual(keysIn(left), [key]);
});
