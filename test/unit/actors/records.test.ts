import assert from "node:assert/strict";
import { test } from "node:test";
import { Records } from "../../../src/actors/records.ts";
import { ShardMap } from "../../../src/actors/shard-map.ts";
import { asNodeId } from "../../../src/core/ids.ts";
import { type ShardId, shardCount } from "../../../src/ring/ranking.ts";
import { shardOfKey } from "../../../src/store/key-shard.ts";
import { openReplica, type Replica, writeRegister } from "../../../src/store/replica.ts";

const node = asNodeId("a".repeat(32));
const names = Array.from({ length: 10_000 }, (_, n) => `service-${String(n).padStart(5, "0")}`);

/** 10,000 services over all shards, and how often each shard was read. */
function manyServices() {
  const records = new Records(new ShardMap(node, false), { mono: () => 0, wall: () => 0 });
  const read = new Map<ShardId, number>();
  const replicas = Array.from({ length: shardCount }, (_, n): Replica => {
    const shard = n as ShardId;
    const replica = openReplica(shard, node, []);
    const values = replica.registers.values.bind(replica.registers);
    records.open(replica);
    replica.registers.values = () => {
      read.set(shard, (read.get(shard) ?? 0) + 1);
      return values();
    };
    return replica;
  });
  for (const name of names) {
    const replica = replicas[shardOfKey(`spec/${name}`)];
    assert.ok(replica !== undefined);
    writeRegister(replica, `spec/${name}`, { name }, 1);
    writeRegister(replica, `run/${name}`, "running", 1);
  }
  return { records, read };
}

test("a list of 10,000 services reads each shard once, and gives them in order", () => {
  const { records, read } = manyServices();
  const listed = records.list({ kinds: new Set(["spec"]) });
  assert.deepEqual(
    listed.map(({ key }) => key),
    names.map((name) => `spec/${name}`),
  );
  assert.equal(read.size, shardCount);
  assert.deepEqual([...new Set(read.values())], [1]);
});

test("a list of named services reads their shards alone", () => {
  const { records, read } = manyServices();
  const groups = new Set(["service-00001", "service-00002"]);
  const listed = records.list({ kinds: new Set(["spec", "run"]), groups });
  assert.equal(listed.length, 4);
  assert.deepEqual(
    [...read.keys()].sort(),
    [...new Set([...groups].map((name) => shardOfKey(`spec/${name}`)))].sort(),
  );
});
