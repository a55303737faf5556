import assert from "node:assert/strict";
import { test } from "node:test";
import { ShardMap } from "../../../src/actors/shard-map.ts";
import { asNodeId } from "../../../src/core/ids.ts";
import type { ShardId } from "../../../src/ring/ranking.ts";
import { addToDigest, emptyDigest, rootOf } from "../../../src/store/digest.ts";

const self = asNodeId("0a".padStart(32, "0"));
const shard = 7 as ShardId;

test("the root of a shard is that of what it holds when it is read, and of an empty one there is none", () => {
  const shards = new ShardMap(self, false);
  const digest = emptyDigest();
  const register = {
    key: "spec/web",
    value: 1,
    stamp: { wall: 1, counter: 0, origin: self },
    seen: [],
  };
  addToDigest(digest, register, 1);
  shards.hold(shard, digest, false);
  assert.deepEqual([...shards.roots], [[shard, rootOf(digest)]]);
  addToDigest(digest, register, -1);
  shards.hold(shard, digest, false);
  assert.deepEqual([...shards.roots], []);
});
