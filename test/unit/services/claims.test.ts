import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { asNodeId, type NodeId } from "../../../src/core/ids.ts";
import { Bookings } from "../../../src/services/bookings.ts";
import type { DesiredService } from "../../../src/services/decision.ts";
import type { Candidate } from "../../../src/services/eligibility.ts";
import { reconcile } from "../../../src/services/reconcile.ts";
import type { PlacementRecord } from "../../../src/services/records.ts";
import { parseSpec, type ServiceSpec } from "../../../src/services/spec.ts";

const ids = ["a", "b", "c"].map((letter) => asNodeId(letter.repeat(8)));
const [a, b] = ids as [NodeId, NodeId];

/** A node that has so many MB. */
function node(id: NodeId, mb: number): Candidate {
  const providers = new Map([["bash", { available: true } as const]]);
  const capacity = { memoryBytes: mb * 1e6, milliCpus: 0 };
  return {
    id,
    name: id.slice(0, 1),
    state: "alive",
    labels: {},
    providers,
    instances: 0,
    capacity,
  };
}

function spec(name: string, mb: number, priority: number): ServiceSpec {
  return parseSpec({ name, provider: "bash", resources: { memory: `${mb}MB` }, priority });
}

interface Network {
  readonly nodes: readonly Candidate[];
  /** Deployed, and nowhere yet. */
  readonly wanted: readonly ServiceSpec[];
  /** Of other deciders, and nowhere either. */
  readonly waiting?: readonly ServiceSpec[];
}

/** Where each service goes, and why nowhere. */
function placed({ nodes, wanted, waiting = [] }: Network): ReadonlyMap<string, PlacementRecord> {
  const unseen = { isIdle: false, isReady: false, needsNewTask: false, hasTakenOver: false };
  const services = wanted.map((one): DesiredService => {
    const about = { spec: one, uid: "00000001", specStamp: "1", present: [], updatesMax: 1 };
    return { ...about, observe: () => unseen };
  });
  const decisions = reconcile({
    self: a,
    services,
    nodes,
    portHolder: () => undefined,
    waiting: () => waiting,
    missedForMs: () => 0,
  });
  return new Map(decisions.map(({ placement }) => [placement.service, placement]));
}

test("of what there is no room for all, the most important is placed, whatever its name", () => {
  const wanted = [spec("alpha", 60, 10), spec("omega", 60, 90)];
  const where = placed({ nodes: [node(a, 100)], wanted });
  assert.equal(where.get("omega")?.node, a);
  assert.equal(where.get("alpha")?.node, null);
});

test("the room of a node that a more important service waits for is given to nothing less important", () => {
  const large = spec("large", 90, 60);
  const small = spec("small", 10, 50);
  const filler = spec("filler", 20, 100);
  const networks = [
    { wanted: [filler, small, large] },
    { wanted: [filler, small], waiting: [large] },
  ];
  for (const network of networks) {
    const where = placed({ nodes: [node(a, 100)], ...network });
    assert.equal(where.get("filler")?.node, a);
    assert.deepEqual(where.get("small")?.refusals[0]?.reasons, [
      "keeps its room for large, which waits with priority 60",
    ]);
  }
});

test("where another node can take it, what is less important goes there", () => {
  const waiting = [spec("large", 90, 60)];
  const nodes = [node(a, 100), node(b, 80)];
  const where = placed({ nodes, wanted: [spec("small", 10, 50)], waiting });
  assert.equal(where.get("small")?.node, b);
});

test("an equal one, and one that reserves nothing, is not held up", () => {
  const nodes = [node(a, 100)];
  const waiting = [spec("large", 90, 50)];
  const nothing = parseSpec({ name: "nothing", provider: "bash", priority: 0 });
  const where = placed({ nodes, wanted: [spec("equal", 10, 50), nothing], waiting });
  assert.equal(where.get("equal")?.node, a);
  assert.equal(where.get("nothing")?.node, a);
});

test("no room is kept by what no node could ever hold, nor where more than room is in its way", () => {
  const nodes = [node(a, 100)];
  const drained = parseSpec({
    name: "other",
    provider: "bash",
    priority: 90,
    resources: { memory: "10MB" },
    placement: { constraints: ["node.name == z"] },
  });
  const waiting = [spec("huge", 101, 100), drained];
  assert.equal(placed({ nodes, wanted: [spec("small", 10, 0)], waiting }).get("small")?.node, a);
});

test("nothing less important changes where the more important goes, nor takes the most important that waits any further from its room", () => {
  const sizes = fc.record({ mb: fc.integer({ min: 7, max: 60 }), priority: fc.nat(3) });
  const capacities = fc.array(fc.integer({ min: 10, max: 100 }), { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(fc.array(sizes, { maxLength: 12 }), capacities, (all, rooms) => {
      const nodes = rooms.map((mb, n) => node(ids[n] ?? a, mb));
      const wanted = all.map(({ mb, priority }, n) => spec(`s${n}`, mb, priority));
      const outcome = placed({ nodes, wanted });
      const first = wanted
        .filter(({ name }) => outcome.get(name)?.node === null)
        .sort((one, two) => two.priority - one.priority || (one.name < two.name ? -1 : 1))[0];
      if (first === undefined) return;
      const important = wanted.filter(({ priority }) => priority >= first.priority);
      const without = placed({ nodes, wanted: important });
      for (const { name } of important) {
        assert.equal(outcome.get(name)?.node, without.get(name)?.node);
      }
      assert.equal(
        mostLeft(nodes, wanted, outcome, first),
        mostLeft(nodes, important, without, first),
      );
    }),
    { numRuns: 500 },
  );
});

/** The most that is left, in shares of a node, of those that could hold a service if they were empty. */
function mostLeft(
  nodes: readonly Candidate[],
  wanted: readonly ServiceSpec[],
  where: ReadonlyMap<string, PlacementRecord>,
  { resources }: ServiceSpec,
): number {
  const bookings = new Bookings();
  for (const { name, resources: taken } of wanted) {
    const placement = where.get(name);
    if (placement?.node == null) continue;
    bookings.book({ node: placement.node, instance: placement.instance, resources: taken });
  }
  const shares = nodes.flatMap(({ id, capacity }) => {
    const has = capacity?.memoryBytes ?? 0;
    if (has < resources.memoryBytes) return [];
    return [(has - bookings.on(id).memoryBytes - resources.memoryBytes) / has];
  });
  return Math.max(...shares);
}
