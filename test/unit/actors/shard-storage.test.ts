import assert from "node:assert/strict";
import { test } from "node:test";
import { putRegister, readShard, shardsKept } from "../../../src/actors/shard-storage.ts";
import { asNodeId } from "../../../src/core/ids.ts";
import { silentLog } from "../../../src/core/log.ts";
import { realEnv } from "../../../src/node/real-env.ts";
import { openDisk } from "../../../src/storage/disk.ts";
import { shardOfKey } from "../../../src/store/key-shard.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const env = realEnv(silentLog);
const origin = asNodeId("a".repeat(32));

/** A record as version 0.1 had it on disk. */
function oldRecord(key: string, value: unknown, wall: number): [string, Uint8Array] {
  const record = { key, value, stamp: { wall, counter: 0, origin }, seen: [] };
  return [`r/${key}`, new TextEncoder().encode(JSON.stringify(record))];
}

test("what version 0.1 kept is found in its shards, also after a crash before it was flushed", async (t) => {
  const folder = await tempFolder(t);
  const old = openDisk(folder, env);
  for (const key of ["spec/web", "run/web", "spec/db"]) old.put(...oldRecord(key, key, 1));
  old.put("n/other", new Uint8Array([1]));
  await old.flush();
  await old.close();

  const crashed = openDisk(folder, env);
  shardsKept(crashed);
  await crashed.close();

  const storage = openDisk(folder, env);
  const shards = [shardOfKey("spec/web"), shardOfKey("spec/db")];
  assert.deepEqual([...shardsKept(storage)].sort(), [...shards].sort());
  await storage.flush();
  await storage.close();

  const again = openDisk(folder, env);
  const kept = shards.map((shard) => readShard(again, shard).map(({ value }) => value));
  assert.deepEqual(kept, [["run/web", "spec/web"], ["spec/db"]]);
  assert.deepEqual([...again.list("r/")], []);
  assert.ok(again.get("n/other") !== undefined);
  await again.close();
});

test("of a folder that went back to version 0.1 the newer record counts", async (t) => {
  const storage = openDisk(await tempFolder(t), env);
  for (const key of ["spec/a", "spec/b"]) {
    const stamp = { wall: 2, counter: 0, origin };
    putRegister(storage, shardOfKey(key), { key, value: "new", stamp, seen: [] });
  }
  storage.put(...oldRecord("spec/a", "older", 1));
  storage.put(...oldRecord("spec/b", "newer", 3));
  shardsKept(storage);
  const values = ["spec/a", "spec/b"].map((key) => readShard(storage, shardOfKey(key))[0]?.value);
  assert.deepEqual(values, ["new", "newer"]);
  await storage.close();
});
