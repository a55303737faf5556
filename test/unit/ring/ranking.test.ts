import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { asNodeId, type NodeId } from "../../../src/core/ids.ts";
import {
  type RankedNode,
  rank,
  type ShardId,
  shardCount,
  shardOf,
} from "../../../src/ring/ranking.ts";

const shards = Array.from({ length: shardCount }, (_, n) => n as ShardId);
const ids = (count: number, salt = 0): readonly RankedNode[] =>
  Array.from({ length: count }, (_, n) => ({
    id: asNodeId((n + 1000 * salt).toString(16).padStart(32, "0")),
  }));

/** How many shards each node ranks first for. */
function firsts(nodes: readonly RankedNode[]): ReadonlyMap<NodeId, number> {
  const counts = new Map<NodeId, number>(nodes.map(({ id }) => [id, 0]));
  for (const shard of shards) {
    const first = rank(shard, nodes)[0];
    if (first !== undefined) counts.set(first, (counts.get(first) ?? 0) + 1);
  }
  return counts;
}

test("the ranking is the same whatever order the nodes are told in", () => {
  fc.assert(
    fc.property(
      fc.nat(shardCount - 1),
      fc.shuffledSubarray([...ids(20)], { minLength: 20 }),
      (shard, shuffled) => {
        assert.deepEqual(rank(shard as ShardId, shuffled), rank(shard as ShardId, ids(20)));
      },
    ),
  );
});

test("a node that leaves changes nothing in the order of the others", () => {
  fc.assert(
    fc.property(fc.nat(shardCount - 1), fc.nat(19), (number, gone) => {
      const shard = number as ShardId;
      const all = ids(20);
      const left = all[gone]?.id;
      const expected = rank(shard, all).filter((id) => id !== left);
      assert.deepEqual(
        rank(
          shard,
          all.filter(({ id }) => id !== left),
        ),
        expected,
      );
    }),
  );
});

test("shards are spread evenly over nodes of one weight", () => {
  for (const [count, salt] of [
    [2, 1],
    [3, 2],
    [5, 3],
    [10, 4],
    [50, 5],
  ] as const) {
    const mean = shardCount / count;
    const slack = 5 * Math.sqrt(mean); // Five standard deviations of the binomial, and a bit.
    for (const [id, held] of firsts(ids(count, salt))) {
      assert.ok(Math.abs(held - mean) <= slack, `${id} of ${count} is first for ${held}`);
    }
  }
});

test("a node of three times the weight has three times the shards", () => {
  const [heavy, ...others] = ids(5);
  assert.ok(heavy !== undefined);
  const held = firsts([{ ...heavy, weight: 3 }, ...others]).get(heavy.id) ?? 0;
  const expected = (shardCount * 3) / 7;
  assert.ok(Math.abs(held - expected) < 5 * Math.sqrt(expected), `${held} of ${expected}`);
});

test("second places are spread as well: a dead node's shards go to all others", () => {
  const nodes = ids(5, 7);
  const seconds = new Map<NodeId, number>();
  for (const shard of shards) {
    const [first, second] = rank(shard, nodes);
    if (first !== nodes[0]?.id || second === undefined) continue;
    seconds.set(second, (seconds.get(second) ?? 0) + 1);
  }
  assert.equal(seconds.size, 4);
  for (const held of seconds.values()) assert.ok(held > 25, `${held} of about 51`);
});

test("group names are spread evenly over the shards", () => {
  const counts = new Array<number>(shardCount).fill(0);
  for (let n = 0; n < 100 * shardCount; n++) {
    const shard = shardOf(`service-${n}`);
    counts[shard] = (counts[shard] ?? 0) + 1;
  }
  assert.ok(Math.min(...counts) > 50 && Math.max(...counts) < 160);
});

test("where a record lives never changes between versions", () => {
  assert.deepEqual(["web", "db", "a", "", "ünïcode"].map(shardOf), [821, 587, 422, 916, 457]);
  const order = rank(shardOf("web"), ids(5)).map((id) => Number.parseInt(id, 16));
  assert.deepEqual(order, [3, 1, 4, 2, 0]);
});
