import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { differingBuckets, emptyDigest, rootOf } from "../../../src/store/digest.ts";
import type { Register } from "../../../src/store/register.ts";
import {
  listRegisters,
  mergeRegisters,
  openReplica,
  readValue,
  registersIn,
  writeRegister,
} from "../../../src/store/replica.ts";
import { nodeId, shard } from "./network.ts";

const register = fc
  .tuple(fc.constantFrom("a", "b", "c"), fc.nat(5), fc.nat(2))
  .map(([key, wall, n]): Register => {
    const stamp = { wall, counter: 0, origin: nodeId(n) };
    return { key, value: `${wall} ${n}`, stamp, seen: [] };
  });

test("replicas that saw the same writes, in any order and however often, are equal", () => {
  fc.assert(
    fc.property(fc.array(register), fc.array(fc.nat()), (writes, order) => {
      const one = openReplica(shard, nodeId(1), []);
      mergeRegisters(one, writes, 0);
      const other = openReplica(shard, nodeId(2), []);
      const shuffled = [...order.map((n) => writes[n % writes.length]), ...writes.toReversed()];
      for (const write of shuffled) if (write !== undefined) mergeRegisters(other, [write], 0);
      assert.deepEqual(listRegisters(other, ""), listRegisters(one, ""));
      assert.equal(rootOf(other.digest), rootOf(one.digest));
    }),
  );
});

test("a digest kept up to date is that of a replica opened anew", () => {
  fc.assert(
    fc.property(fc.array(register), (writes) => {
      const replica = openReplica(shard, nodeId(1), []);
      mergeRegisters(replica, writes, 0);
      writeRegister(replica, "a", 1, 0);
      const reopened = openReplica(shard, nodeId(1), replica.registers.values());
      assert.deepEqual(reopened.digest, replica.digest);
      assert.deepEqual(reopened.clock, replica.clock);
    }),
  );
});

test("digests of different replicas differ, in the buckets of what differs", () => {
  const [one, other] = [openReplica(shard, nodeId(1), []), openReplica(shard, nodeId(2), [])];
  const same = writeRegister(one, "same", 1, 10);
  mergeRegisters(other, [same], 10);
  assert.equal(rootOf(one.digest), rootOf(other.digest));
  const more = writeRegister(one, "more", 1, 20);
  assert.notEqual(rootOf(one.digest), rootOf(other.digest));
  const differing = differingBuckets(one.digest, [...other.digest]);
  assert.deepEqual(registersIn(one, differing), [more]);
  assert.deepEqual(registersIn(other, differing), []);
  assert.equal(differingBuckets(emptyDigest(), [...emptyDigest()]).size, 0);
});

test("a removed key reads as undefined, and its tombstone keeps older writes away", () => {
  const [one, other] = [openReplica(shard, nodeId(1), []), openReplica(shard, nodeId(2), [])];
  const written = writeRegister(one, "k", "value", 10);
  const removed = writeRegister(one, "k", undefined, 11);
  mergeRegisters(other, [removed], 11);
  assert.deepEqual(mergeRegisters(other, [written], 11).changed, []);
  assert.equal(readValue(other, "k"), undefined);
  assert.deepEqual(listRegisters(other, ""), []);
});

test("a node with a slow clock writes above what it has read", () => {
  const [fast, slow] = [openReplica(shard, nodeId(1), []), openReplica(shard, nodeId(2), [])];
  mergeRegisters(slow, [writeRegister(fast, "k", "fast", 50_000)], 1_000);
  const later = writeRegister(slow, "k", "slow", 1_000);
  assert.deepEqual(mergeRegisters(fast, [later], 50_000).changed, [later]);
  assert.equal(readValue(fast, "k"), "slow");
});

test("a write from over 60 s ahead is refused and leaves the clock alone", () => {
  const [ahead, right] = [openReplica(shard, nodeId(1), []), openReplica(shard, nodeId(2), [])];
  const told = writeRegister(ahead, "k", 1, 60_001);
  assert.deepEqual(mergeRegisters(right, [told], 0), {
    changed: [],
    conflicts: [],
    refused: [told],
  });
  assert.equal(writeRegister(right, "k", 2, 0).stamp.wall, 0);
  assert.deepEqual(mergeRegisters(right, [told], 1).changed, [told]);
});

test("of two writes on two sides the loser is told, whichever side it is merged on", () => {
  const [one, other] = [openReplica(shard, nodeId(1), []), openReplica(shard, nodeId(2), [])];
  const loser = writeRegister(one, "k", "one", 10);
  const winner = writeRegister(other, "k", "other", 11);
  assert.deepEqual(mergeRegisters(one, [winner], 11).conflicts, [{ winner, loser }]);
  assert.deepEqual(mergeRegisters(other, [loser], 11).conflicts, [{ winner, loser }]);
  assert.equal(readValue(one, "k"), "other");
  assert.equal(readValue(other, "k"), "other");
});

test("a write over what was read is no conflict", () => {
  const [one, other] = [openReplica(shard, nodeId(1), []), openReplica(shard, nodeId(2), [])];
  const first = writeRegister(one, "k", 1, 10);
  mergeRegisters(other, [first], 10);
  const second = writeRegister(other, "k", 2, 11);
  assert.deepEqual(mergeRegisters(one, [second], 11).conflicts, []);
  assert.deepEqual(mergeRegisters(other, [first], 11).conflicts, []);
});

test("list gives the values of a prefix, in order of keys", () => {
  const replica = openReplica(shard, nodeId(1), []);
  for (const key of ["b/2", "a", "b/1", "c"]) writeRegister(replica, key, key, 0);
  assert.deepEqual(
    listRegisters(replica, "b/").map(({ value }) => value),
    ["b/1", "b/2"],
  );
});
