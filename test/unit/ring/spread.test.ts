import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { asNodeId, type NodeId } from "../../../src/core/ids.ts";
import { sizeOf, stretchesOf } from "../../../src/ring/spread.ts";

const id = (n: number) => asNodeId(n.toString(16).padStart(32, "0"));
const ringOf = (size: number) => Array.from({ length: size }, (_, n) => id(n));

/** Networks of up to 40 nodes, and which pairs are connected beside the neighbours on the ring. */
const networks = fc.record({
  size: fc.integer({ min: 1, max: 40 }),
  links: fc.array(fc.tuple(fc.nat(39), fc.nat(39)), { maxLength: 80 }),
  from: fc.nat(39),
});

interface Spread {
  /** How often each node was told. */
  readonly told: Map<NodeId, number>;
  messages: number;
}

/** What a message of `from` comes to; `viewOf`: the ring as a node knows it. */
function spread(
  from: NodeId,
  viewOf: (node: NodeId) => readonly NodeId[],
  isConnected: (a: NodeId, b: NodeId) => boolean,
): Spread {
  const all: Spread = { told: new Map(), messages: 0 };
  const tell = (self: NodeId, until: NodeId | undefined) => {
    for (const next of stretchesOf(viewOf(self), self, until, (to) => isConnected(self, to))) {
      all.messages += 1;
      assert.ok(all.messages <= 10_000, "it ends");
      all.told.set(next.to, (all.told.get(next.to) ?? 0) + 1);
      if (next.until !== undefined) tell(next.to, next.until);
    }
  };
  tell(from, undefined);
  return all;
}

test("a message reaches everyone once, over any connections that there are beside the ring's", () => {
  fc.assert(
    fc.property(networks, ({ size, links, from }) => {
      const ring = ringOf(size);
      const pairs = new Set(links.flatMap(([a, b]) => [`${a} ${b}`, `${b} ${a}`]));
      const isConnected = (a: NodeId, b: NodeId) => {
        const [x, y] = [ring.indexOf(a), ring.indexOf(b)];
        return (y - x + size) % size === 1 || (x - y + size) % size === 1 || pairs.has(`${x} ${y}`);
      };
      const self = id(from % size);
      const { told, messages } = spread(self, () => ring, isConnected);
      assert.equal(messages, size - 1);
      assert.deepEqual(
        [...told.keys()].sort(),
        ring.filter((node) => node !== self),
      );
    }),
  );
});

test("where a node stands between no connections, it is told directly", () => {
  const told = stretchesOf(ringOf(5), id(0), undefined, (to) => to === id(3));
  assert.deepEqual(told, [
    { to: id(1), until: undefined },
    { to: id(2), until: undefined },
    { to: id(3), until: id(4) },
  ]);
});

test("in a full mesh everyone is told, and passes nothing on", () => {
  const told = stretchesOf(ringOf(4), id(2), undefined, () => true);
  assert.deepEqual(
    told.map(({ to, until }) => [to, until]),
    [
      [id(3), undefined],
      [id(0), undefined],
      [id(1), undefined],
    ],
  );
});

test("whatever the others' views are, nobody is told twice, and it ends", () => {
  const views = fc.array(fc.subarray(ringOf(12)), { minLength: 12, maxLength: 12 });
  fc.assert(
    fc.property(views, fc.nat(11), fc.infiniteStream(fc.boolean()), (seen, from, draws) => {
      const viewOf = (node: NodeId) => seen[Number.parseInt(node, 16)] ?? [];
      const { told } = spread(id(from), viewOf, () => draws.next().value);
      for (const times of told.values()) assert.equal(times, 1);
    }),
  );
});

test("a stretch goes around the end of the ring", () => {
  const ring = ringOf(6);
  assert.equal(sizeOf(ring, id(4), id(1)), 3);
  assert.equal(sizeOf(ring, id(1), id(4)), 3);
  assert.equal(sizeOf(ring, id(4), undefined), 5);
});
