import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { asNodeId } from "../../../src/core/ids.ts";
import { homesOf, type RingNode, replicasMax } from "../../../src/ring/homes.ts";
import { rank, type ShardId, shardCount } from "../../../src/ring/ranking.ts";
import { absentMsMax, type Roster, stepRoster } from "../../../src/ring/roster.ts";

const id = (n: number) => asNodeId(n.toString(16).padStart(32, "0"));
const shards = fc.nat(shardCount - 1).map((n) => n as ShardId);
const rings = fc
  .array(fc.boolean(), { minLength: 1, maxLength: 12 })
  .map((lives) => lives.map((isLive, n): RingNode => ({ id: id(n), isLive })));

test("the homes of a shard are the first three of its ranking, or all where there are fewer", () => {
  fc.assert(
    fc.property(shards, rings, (shard, ring) => {
      const { homes } = homesOf(shard, ring);
      assert.equal(homes.length, Math.min(ring.length, replicasMax));
      assert.deepEqual(homes, rank(shard, ring).slice(0, replicasMax));
    }),
  );
});

test("the first of those who act is the first-ranked of all that live", () => {
  fc.assert(
    fc.property(shards, rings, (shard, ring) => {
      const { homes, acting } = homesOf(shard, ring);
      const live = ring.filter(({ isLive }) => isLive);
      assert.equal(acting[0], rank(shard, live)[0]);
      assert.equal(acting.length > 0, live.length > 0);
      const liveHomes = homes.filter((home) => live.some((node) => node.id === home));
      if (liveHomes.length > 0) assert.deepEqual(acting, liveHomes);
      else assert.deepEqual(acting, rank(shard, live).slice(0, replicasMax));
    }),
  );
});

test("a node that goes for good gives its place to one other, and moves nothing else", () => {
  fc.assert(
    fc.property(shards, fc.integer({ min: 4, max: 20 }), fc.nat(), (shard, size, draw) => {
      const ring = Array.from({ length: size }, (_, n) => ({ id: id(n), isLive: true }));
      const gone = id(draw % size);
      const before = homesOf(shard, ring).homes;
      const after = homesOf(
        shard,
        ring.filter((node) => node.id !== gone),
      ).homes;
      assert.deepEqual(
        after.filter((home) => before.includes(home)),
        before.filter((home) => home !== gone),
      );
    }),
  );
});

test("a node that is gone keeps its place for 30 s, loses it then, and has it again when it is back", () => {
  const [a, b] = [id(1), id(2)];
  const members = (isLive: boolean) => [
    { id: a, isLive: true },
    { id: b, isLive },
  ];
  let roster: Roster = new Map();
  const look = (isLive: boolean, nowMs: number) => {
    const step = stepRoster(roster, members(isLive), nowMs);
    roster = step.roster;
    return { ids: step.ring.map((node) => node.id), dueInMs: step.dueInMs };
  };
  assert.deepEqual(look(true, 0), { ids: [a, b], dueInMs: undefined });
  assert.deepEqual(look(false, 1_000), { ids: [a, b], dueInMs: absentMsMax });
  assert.deepEqual(look(false, 11_000), { ids: [a, b], dueInMs: absentMsMax - 10_000 });
  assert.deepEqual(look(false, 1_000 + absentMsMax), { ids: [a], dueInMs: undefined });
  assert.deepEqual(look(true, 50_000), { ids: [a, b], dueInMs: undefined });
  assert.deepEqual(look(false, 60_000), { ids: [a, b], dueInMs: absentMsMax });
});
