import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { asNodeId, type NodeId } from "../../../src/core/ids.ts";
import { noResources } from "../../../src/core/resources.ts";
import type { Candidate } from "../../../src/services/eligibility.ts";
import { type Movable, type Move, nextMove } from "../../../src/services/rebalance.ts";
import { parseSpec } from "../../../src/services/spec.ts";

const ids = ["a", "b", "c", "d", "e"].map((letter) => asNodeId(letter.repeat(8)));

type Node = Omit<Candidate, "instances">;

function node(at: number, more: Partial<Node> = {}): Node {
  const providers = new Map([["bash", { available: true } as const]]);
  const id = ids[at] ?? assert.fail();
  return { id, name: `node-${at}`, state: "alive", labels: {}, providers, ...more };
}

/** A service with an instance on each of these nodes, by number. */
function service(name: string, on: readonly number[], more: object = {}): Movable {
  const spec = parseSpec({ name, provider: "bash", instances: on.length, ...more });
  return { spec, placed: on.map((at, slot) => ({ slot, node: ids[at] ?? assert.fail() })) };
}

function next(services: readonly Movable[], nodes: readonly Node[]): Move | undefined {
  const on = services.flatMap(({ placed }) => placed.map((one) => one.node));
  const count = (id: NodeId) => on.filter((other) => other === id).length;
  const counted = nodes.map((one) => ({ ...one, instances: count(one.id) }));
  const portHolder = () => undefined;
  return nextMove({ services, nodes: counted, portHolder, reservedOn: () => noResources });
}

function applied(services: readonly Movable[], { service: name, slot, to }: Move): Movable[] {
  return services.map(({ spec, placed }) => {
    if (spec.name !== name) return { spec, placed };
    return { spec, placed: placed.map((one) => (one.slot === slot ? { slot, node: to } : one)) };
  });
}

test("an instance goes from where the most are to a node that has none", () => {
  assert.deepEqual(next([service("web", [0, 0, 1])], [node(0), node(1), node(2)]), {
    service: "web",
    slot: 0,
    to: ids[2],
  });
});

test("one instance more than elsewhere is no reason to move: it would be the same the other way round", () => {
  assert.equal(next([service("web", [0, 0, 1])], [node(0), node(1)]), undefined);
  assert.equal(next([service("web", [0])], [node(0), node(1)]), undefined);
});

test("services of one instance each are spread by the number of all that is on a node", () => {
  const services = ["w1", "w2", "w3"].map((name) => service(name, [0]));
  assert.equal(next(services, [node(0), node(1)])?.to, ids[1]);
});

test("the label comes first, also where a node then has more", () => {
  const nodes = [
    node(0, { labels: { zone: "x" } }),
    node(1, { labels: { zone: "x" } }),
    node(2, { labels: { zone: "y" } }),
  ];
  const spread = { placement: { spread: "zone" } };
  const services = [service("web", [0, 1], spread), service("other", [2, 2])];
  assert.deepEqual(next(services.slice(0, 1), nodes)?.to, ids[2]);
  assert.deepEqual(next([services[0] ?? assert.fail()], nodes)?.service, "web");
});

test("nothing goes to a node that keeps dying, is drained, or may not have it, nor from one that is away", () => {
  const crowded = [service("web", [0, 0, 0])];
  for (const more of [{ isFlapping: true }, { isDrained: true }, { state: "suspect" } as const]) {
    assert.equal(next(crowded, [node(0), node(1, more)]), undefined);
  }
  assert.equal(next(crowded, [node(0, { state: "away" }), node(1)]), undefined);
  const bound = [
    service("web", [0, 0, 0], { placement: { constraints: ["node.name != node-1"] } }),
  ];
  assert.equal(next(bound, [node(0), node(1)]), undefined);
});

const zone = fc.constantFrom("x", "y", "z");
const nodes = fc
  .array(fc.record({ zone, isDrained: fc.boolean() }), { minLength: 1, maxLength: 5 })
  .map((all) =>
    all.map(({ zone: value, isDrained }, at) => node(at, { labels: { zone: value }, isDrained })),
  );
const services = fc
  .array(
    fc.record({
      on: fc.array(fc.nat(4), { maxLength: 12 }),
      spread: fc.boolean(),
      bound: fc.boolean(),
    }),
    { minLength: 1, maxLength: 5 },
  )
  .map((all) =>
    all.map(({ on, spread, bound }, at) => {
      const constraints = bound ? ["label.zone != z"] : [];
      return service(`s${at}`, on, {
        placement: { constraints, ...(spread && { spread: "zone" }) },
      });
    }),
  );

test("whatever is where, moves come to an end, each better than what was, and no one is moved back", () => {
  fc.assert(
    fc.property(services, nodes, (begun, all) => {
      let now: readonly Movable[] = begun;
      const seen = new Set([whereabouts(now)]);
      // Of each of 60 instances no more moves than there are nodes: far above what is ever needed.
      for (let left = 300; ; left--) {
        const move = next(now, all);
        if (move === undefined) break;
        assert.ok(left > 0, "it does not come to an end");
        const before = sums(now, all);
        now = applied(now, move);
        assert.ok(isLess(sums(now, all), before), "it is not better");
        assert.ok(!seen.has(whereabouts(now)), "it has been so before");
        seen.add(whereabouts(now));
      }
    }),
    { numRuns: 500 },
  );
});

function whereabouts(now: readonly Movable[]): string {
  return JSON.stringify(now.map(({ placed }) => placed.map((one) => one.node)));
}

/** Sums of squares: of instances by label, of instances by node, and of all by node. */
function sums(now: readonly Movable[], all: readonly Node[]): readonly number[] {
  const zoneOf = (id: NodeId) => all.find((one) => one.id === id)?.labels["zone"] ?? "";
  const perZone = now.map(({ spec, placed }) =>
    spec.placement.spread === undefined ? 0 : squares(placed.map((one) => zoneOf(one.node))),
  );
  const perNode = now.map(({ placed }) => squares(placed.map((one) => one.node)));
  const total = squares(now.flatMap(({ placed }) => placed.map((one) => one.node)));
  const sum = (parts: readonly number[]) => parts.reduce((so, part) => so + part, 0);
  return [sum(perZone), sum(perNode), total];
}

function squares(items: readonly string[]): number {
  const count = (item: string) => items.filter((other) => other === item).length;
  return [...new Set(items)].reduce((sum, item) => sum + count(item) ** 2, 0);
}

function isLess(a: readonly number[], b: readonly number[]): boolean {
  const at = a.findIndex((each, index) => each !== b[index]);
  return at >= 0 && (a[at] ?? 0) < (b[at] ?? 0);
}
