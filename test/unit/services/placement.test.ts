import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { asNodeId, asServiceName } from "../../../src/core/ids.ts";
import { parseConstraint } from "../../../src/services/constraint.ts";
import { type Candidate, type NodeState, place } from "../../../src/services/placement.ts";
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
