import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { asNodeId, asServiceName } from "../../../src/core/ids.ts";
import { parseConstraint } from "../../../src/services/constraint.ts";
import {
  type Candidate,
  type NodeState,
  type PlacementRequest,
  reasonsAgainst,
} from "../../../src/services/eligibility.ts";
import { place } from "../../../src/services/placement.ts";
import { refusalsText } from "../../../src/services/placement-text.ts";

const web = { service: asServiceName("web"), provider: "bash", constraints: [] };

function node(name: string, more: Partial<Candidate> = {}): Candidate {
  const providers = new Map([["bash", { available: true } as const]]);
  const about = { id: asNodeId(name), name, labels: {} };
  return { ...about, state: "alive", providers, instances: 0, ...more };
}

function chosen(candidates: readonly Candidate[], more: object = {}): string | undefined {
  const placed = place({ ...web, ...more }, candidates);
  return "node" in placed ? placed.node : undefined;
}

test("takes the node with the fewest instances", () => {
  const nodes = [
    node("a", { instances: 3 }),
    node("b", { instances: 1 }),
    node("c", { instances: 2 }),
  ];
  assert.equal(chosen(nodes), "b");
});

test("stays on its present node, however full, as long as that can have it", () => {
  const nodes = [node("a", { instances: 30 }), node("b")];
  assert.equal(chosen(nodes, { present: asNodeId("a") }), "a");
  const away = [node("a", { state: "away" }), node("b")];
  assert.equal(chosen(away, { present: asNodeId("a") }), "b");
});

test("only a node with room left is taken, and one without says how much it has", () => {
  const resources = { memoryBytes: 400e6, milliCpus: 500 };
  const capacity = { memoryBytes: 1e9, milliCpus: 1_000 };
  const reserved = new Map([
    ["a", { memoryBytes: 700e6, milliCpus: 600 }],
    ["b", { memoryBytes: 600e6, milliCpus: 500 }],
  ]);
  const reservedOn = (id: string) => reserved.get(id) ?? { memoryBytes: 0, milliCpus: 0 };
  const wanted = { ...web, resources, reservedOn };
  const full = node("a", { capacity });
  assert.equal(chosen([full, node("b", { capacity, instances: 9 })], wanted), "b");
  assert.equal(chosen([full], { reservedOn }), "a", "what reserves nothing fits anywhere");
  const silent = node("old", { capacity: undefined });
  const placed = place(wanted, [full, silent]);
  assert.ok("refusals" in placed);
  assert.equal(
    refusalsText(placed.refusals),
    "no node can take it: a has 300MB of 1GB memory left, and 400MB are wanted and has 0.4 of 1 CPUs left, and 0.5 are wanted; old does not say what room it has",
  );
});

test("what is reserved takes a provider that can limit it, and the reason is told", () => {
  const resources = { memoryBytes: 1, milliCpus: 0 };
  const noLimits = "no cgroup can be written here";
  const providers = new Map([["bash", { available: true, noLimits } as const]]);
  const capacity = { memoryBytes: 1e9, milliCpus: 1_000 };
  const placed = place({ ...web, resources }, [node("a", { providers, capacity })]);
  assert.ok("refusals" in placed);
  assert.deepEqual(placed.refusals[0]?.reasons, [`cannot limit what bash uses (${noLimits})`]);
  assert.equal(chosen([node("a", { providers, capacity })]), "a");
});

test("what is to be isolated goes where that can be, and the reason is told", () => {
  const noIsolation = "bwrap is in no folder of its PATH on this node";
  const providers = new Map([["bash", { available: true, noIsolation } as const]]);
  const isolated = { ...web, isIsolated: true };
  const placed = place(isolated, [node("a", { providers })]);
  assert.ok("refusals" in placed);
  assert.deepEqual(placed.refusals[0]?.reasons, [`cannot isolate what bash runs (${noIsolation})`]);
  const either = place(isolated, [node("a", { providers }), node("b")]);
  assert.ok("node" in either && either.node === node("b").id);
  assert.equal(chosen([node("a", { providers })]), "a");
});

test("a node that has just refused is not asked again, and any other is", () => {
  const refused = { node: asNodeId("a"), reason: "has 0B of 1GB memory left" };
  assert.equal(chosen([node("a"), node("b", { instances: 9 })], { refused }), "b");
  const placed = place({ ...web, refused }, [node("a")]);
  assert.ok("refusals" in placed);
  assert.deepEqual(placed.refusals[0]?.reasons, [refused.reason]);
});

test("what keeps dying gets nothing new, and keeps what it has", () => {
  const nodes = [node("a", { isFlapping: true }), node("b", { instances: 9 })];
  assert.equal(chosen(nodes), "b");
  assert.equal(chosen(nodes, { present: asNodeId("a") }), "a");
  const placed = place(web, [node("a", { isFlapping: true })]);
  assert.ok("refusals" in placed);
  assert.match(refusalsText(placed.refusals), /a keeps dying and coming back/);
});

test("all deciders agree, in whatever order they know the nodes", () => {
  const names = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,6}$/), { minLength: 1, maxLength: 10 });
  fc.assert(
    fc.property(names, fc.nat(), (all, turn) => {
      const nodes = all.map((name) => node(name));
      const at = turn % nodes.length;
      assert.equal(chosen([...nodes.slice(at), ...nodes.slice(0, at)].reverse()), chosen(nodes));
    }),
  );
});

test("equally full nodes all get their share of many services", () => {
  const nodes = ["a", "b", "c"].map((name) => node(name));
  const counts = new Map<string | undefined, number>();
  for (let i = 0; i < 300; i++) {
    const on = chosen(nodes, { service: asServiceName(`s${i}`) });
    counts.set(on, (counts.get(on) ?? 0) + 1);
  }
  for (const { id } of nodes) assert.ok((counts.get(id) ?? 0) > 60);
});

test("only nodes that are alive and offer the provider are taken", () => {
  const states: NodeState[] = ["suspect", "away", "dead", "left"];
  for (const state of states) assert.equal(chosen([node("a", { state })]), undefined);
  assert.equal(chosen([node("a", { providers: new Map() })]), undefined);
});

test("a refusal tells every node's every reason, by name", () => {
  const reason = "no socket at /var/run/docker.sock";
  const unavailable = new Map([["docker", { available: false, reason } as const]]);
  const placed = place({ ...web, provider: "docker" }, [
    node("c", { providers: unavailable }),
    node("b", { state: "dead" }),
    node("a"),
  ]);
  assert.ok("refusals" in placed);
  assert.deepEqual(
    placed.refusals.map(({ name, reasons }) => [name, reasons]),
    [
      ["a", ["does not offer docker"]],
      ["b", ["is dead", "does not offer docker"]],
      ["c", [`does not offer docker (docker: not available: ${reason})`]],
    ],
  );
  assert.match(
    refusalsText(placed.refusals),
    /^no node can take it: a does not offer docker; b is dead and/,
  );
});

test("no node at all is a refusal too", () => {
  assert.deepEqual(place(web, []), { refusals: [] });
  assert.equal(refusalsText([]), "no node can take it: there is none");
});

test("only a node that is all that is asked for takes it, and each that is not says every reason", () => {
  const constraints = ["label.zone == eu", "label.disk != hdd", "node.name != c"].map(
    (text) => parseConstraint(text) ?? assert.fail(text),
  );
  const labelled = (name: string, labels: Record<string, string>) => node(name, { labels });
  const nodes = [
    labelled("a", { zone: "us", disk: "hdd" }),
    labelled("b", { zone: "eu", disk: "ssd" }),
    labelled("c", { zone: "eu" }),
    labelled("d", {}),
  ];
  assert.equal(chosen(nodes, { constraints }), "b");
  const placed = place({ ...web, constraints }, nodes.toSpliced(1, 1));
  assert.ok("refusals" in placed);
  assert.equal(
    refusalsText(placed.refusals),
    "no node can take it: a has the label zone=us, and is to be eu and has the label disk=hdd, and is to " +
      "be another; c is c; d has no label zone, which is to be eu",
  );
});

/** Nodes and requests in which everything that can be against a node is there now and then. */
const seldom = fc.integer({ min: 0, max: 5 }).map((drawn) => drawn === 0);
const someNode = fc.record({
  state: fc.constantFrom<NodeState>("alive", "alive", "alive", "suspect", "away", "dead", "left"),
  isDrained: seldom,
  isFlapping: seldom,
  labels: fc.constantFrom({}, { disk: "ssd" }, { disk: "hdd" }),
  offer: fc.constantFrom(
    undefined,
    { available: true, hasVolumes: true } as const,
    { available: true } as const,
    { available: true, noLimits: "no cgroups" } as const,
    { available: true, hasVolumes: true, noIsolation: "no bwrap" } as const,
    { available: false, reason: "no engine" } as const,
  ),
  instances: fc.nat(3),
  memory: fc.constantFrom(undefined, 0, 100, 200),
});
const someRequest = fc.record({
  constraints: fc.constantFrom([], ["label.disk == ssd"], ["node.name != n1"]),
  resources: fc.constantFrom({ memoryBytes: 0, milliCpus: 0 }, { memoryBytes: 150, milliCpus: 0 }),
  reserved: fc.constantFrom(0, 20, 80),
  present: fc.constantFrom(undefined, "n0", "n1", "n9"),
  only: fc.constantFrom(undefined, undefined, "n1"),
  refused: fc.constantFrom(undefined, "n0"),
  claimed: fc.constantFrom(undefined, "n2"),
  ports: fc.constantFrom([], [80]),
  volumes: fc.constantFrom([], ["data"]),
  isIsolated: fc.boolean(),
});

test("a node is picked only if nothing is against it, and there is none only if something is against each", () => {
  const nodes = fc.array(someNode, { maxLength: 6 });
  fc.assert(
    fc.property(nodes, fc.array(someRequest, { minLength: 1, maxLength: 4 }), (drawn, asked) => {
      const candidates = drawn.map(({ offer, memory, ...more }, at) => {
        const providers = new Map(offer === undefined ? [] : [["bash", offer]]);
        const capacity = memory === undefined ? memory : { memoryBytes: memory, milliCpus: 0 };
        return node(`n${at}`, { ...more, providers, capacity });
      });
      // Of one look at the network, as a pass asks.
      for (const one of asked) {
        const request: PlacementRequest = {
          ...web,
          constraints: one.constraints.flatMap((text) => parseConstraint(text) ?? []),
          resources: one.resources,
          reservedOn: () => ({ memoryBytes: one.reserved, milliCpus: 0 }),
          ...(one.present && { present: asNodeId(one.present) }),
          only: one.only === undefined ? undefined : asNodeId(one.only),
          refused: one.refused ? { node: asNodeId(one.refused), reason: "it did" } : undefined,
          claimOn: (id) =>
            id === one.claimed ? { service: asServiceName("big"), priority: 90 } : undefined,
          ports: one.ports,
          portHolder: (id, port) => (id === "n3" && port === 80 ? web.service : undefined),
          volumes: one.volumes,
          isIsolated: one.isIsolated,
        };
        const open = candidates.filter(
          ({ id }) => one.only === undefined || id === asNodeId(one.only),
        );
        const able = open.filter((each) => reasonsAgainst(request, each).length === 0);
        const placed = place(request, candidates);
        if ("node" in placed) assert.ok(able.some(({ id }) => id === placed.node));
        else assert.equal(able.length, 0);
        if ("refusals" in placed) assert.equal(placed.refusals.length, open.length);
      }
    }),
    { numRuns: 1_000 },
  );
});
