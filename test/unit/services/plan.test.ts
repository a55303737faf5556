import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { asNodeId, asServiceName } from "../../../src/core/ids.ts";
import { type Deployment, deployed } from "../../../src/services/deploy.ts";
import type { Candidate } from "../../../src/services/eligibility.ts";
import { membersOf } from "../../../src/services/group-members.ts";
import { parseGroupSpec } from "../../../src/services/group-spec.ts";
import { planDeploys, type Wanted } from "../../../src/services/plan.ts";
import { reconcile } from "../../../src/services/reconcile.ts";
import type { PlacementRecord } from "../../../src/services/records.ts";
import { parseSpec } from "../../../src/services/spec.ts";

const self = asNodeId("a");

function node(name: string, more: Partial<Candidate> = {}): Candidate {
  const providers = new Map([["bash", { available: true } as const]]);
  const about = { id: asNodeId(name), name, labels: {} };
  return { ...about, state: "alive", providers, instances: 0, ...more };
}

function spec(name: string, more: object = {}) {
  return parseSpec({ name, provider: "bash", params: { command: "true" }, ...more });
}

test("of a group each service is planned, those too that are to go", () => {
  const shop = (names: readonly string[]) =>
    parseGroupSpec({ name: "shop", services: names.map((name) => ({ name, provider: "bash" })) });
  const nodes = [node("n1"), node("n2")];
  const group = deployed(undefined, shop(["a", "b"]), "u1").record;
  const standing = { group, stamp: "s1", run: "running" } as const;
  const present = reconcile({
    self,
    services: [...membersOf(group.spec).values()].map((member) => {
      const about = { spec: member.spec, uid: "u1", specStamp: "s1", present: [] };
      return { ...about, observe, updatesMax };
    }),
    nodes,
    portHolder: () => undefined,
    missedForMs: () => 0,
  }).map(({ placement }) => placement);
  const wanted = { spec: shop(["b", "c"]), standing, present, observe };
  const [planned] = planDeploys([wanted], { self, nodes, portHolder: () => undefined });
  assert.deepEqual(
    planned?.instances.map(({ name, action }) => [name, action]),
    [
      ["shop/b", "keep"],
      ["shop/c", "place"],
      ["shop/a", "remove"],
    ],
  );
});

/** As at the end of an update. */
const updatesMax = Number.POSITIVE_INFINITY;
const observe = () => ({ isIdle: false, isReady: true, needsNewTask: true, hasTakenOver: true });

/** Holds what is deployed, as the records of a network would. */
class Network {
  readonly standing = new Map<string, Deployment>();
  readonly placements = new Map<string, PlacementRecord>();
  readonly #hosts: readonly Candidate[];
  #writes = 0;

  constructor(hosts: readonly Candidate[]) {
    this.#hosts = hosts;
  }

  nodes(): readonly Candidate[] {
    const placed = [...this.placements.values()];
    const on = (id: string) => placed.filter((placement) => placement.node === id).length;
    return this.#hosts.map((host) => ({ ...host, instances: on(host.id) }));
  }

  wanted(service: ReturnType<typeof spec>): Wanted {
    const { name } = service;
    const [standing, placed] = [this.standing.get(name), this.placements.get(name)];
    return { spec: service, standing, present: placed === undefined ? [] : [placed], observe };
  }

  /** As the controller does: the spec is written under a new stamp, and a pass follows. */
  deploy(service: ReturnType<typeof spec>) {
    const { name } = service;
    const before = this.standing.get(name);
    const uid = `u${++this.#writes}`;
    const { result, record } = deployed(before, service, uid);
    const stamp = result === "unchanged" ? (before?.stamp ?? "") : `stamp ${this.#writes}`;
    this.standing.set(name, { group: record, stamp, run: "running" });
    const { present } = this.wanted(service);
    const decisions = reconcile({
      self,
      services: [
        { spec: service, uid: record.uid, specStamp: stamp, present, observe, updatesMax },
      ],
      nodes: this.nodes(),
      portHolder: () => undefined,
      missedForMs: () => 0,
    });
    for (const { placement } of decisions) this.placements.set(placement.service, placement);
    return { result, generation: record.generation };
  }
}

function planOne(network: Network, service: ReturnType<typeof spec>) {
  const [planned] = planDeploys([network.wanted(service)], {
    self,
    nodes: network.nodes(),
    portHolder: () => undefined,
  });
  const [instance, ...others] = planned?.instances ?? [];
  assert.ok(planned !== undefined && instance !== undefined);
  assert.deepEqual(others, []);
  return { ...planned, instance };
}

test("a new service is planned on the node that has the fewest instances, and says so", () => {
  const network = new Network([node("a"), node("b"), node("c", { state: "dead" })]);
  network.deploy(spec("one"));
  const { result, generation, changes, instance } = planOne(network, spec("two"));
  assert.deepEqual([result, generation, changes], ["created", 1, []]);
  assert.deepEqual([instance.action, instance.from], ["place", null]);
  assert.notEqual(instance.node, network.placements.get("one")?.node);
  assert.equal(instance.reason, "the fewest instances (0) of 2 nodes that can take it");
});

test("an update tells each field that changes, and keeps the instance where it is", () => {
  const network = new Network([node("a"), node("b")]);
  network.deploy(spec("web", { env: { MODE: "test", OLD: "1" }, requires: ["db"] }));
  const next = spec("web", {
    env: { MODE: "production" },
    requires: ["db"],
    stop: { grace: "1s" },
  });
  const { result, generation, changes, instance } = planOne(network, next);
  assert.deepEqual([result, generation], ["updated", 2]);
  assert.deepEqual(changes, [
    { path: "env.MODE", from: "test", to: "production" },
    { path: "env.OLD", from: "1" },
    { path: "stop.grace", from: "10s", to: "1s" },
  ]);
  assert.equal(instance.action, "keep");
  assert.equal(instance.node, instance.from);
  assert.equal(instance.reason, "it is there already, and gets a new task");
});

test("what its task can live with is planned without a new one", () => {
  const network = new Network([node("a")]);
  network.deploy(spec("web"));
  const { instance } = planOne(network, spec("web", { stop: { grace: "1s" } }));
  assert.deepEqual([instance.action, instance.reason], ["keep", "it is there already"]);
});

test("a stopped service that is deployed as it is would be started: that is an update", () => {
  const network = new Network([node("a")]);
  network.deploy(spec("web"));
  const stopped = network.standing.get("web");
  assert.ok(stopped !== undefined);
  network.standing.set("web", { ...stopped, run: "stopped" });
  const { result, generation, changes } = planOne(network, spec("web"));
  assert.deepEqual([result, generation], ["updated", 1]);
  assert.deepEqual(changes, [{ path: "wanted", from: "stopped", to: "running" }]);
});

test("what no node can take waits, with every node's every reason", () => {
  const network = new Network([node("a"), node("b", { state: "dead" })]);
  const { instance } = planOne(network, spec("web", { provider: "docker" }));
  assert.deepEqual([instance.action, instance.node], ["wait", null]);
  assert.deepEqual(
    instance.refusals.map(({ name, reasons }) => [name, reasons]),
    [
      ["a", ["does not offer docker"]],
      ["b", ["is dead", "does not offer docker"]],
    ],
  );
  assert.match(instance.reason, /^no node can take it: a does not offer docker; b is dead and/);
});

test("what is on a node that cannot be asked is left there, and says so", () => {
  const network = new Network([node("a")]);
  network.deploy(spec("web"));
  const nodes = [node("a", { state: "away" }), node("b")];
  const changed = spec("web", { env: { A: "1" } });
  const [planned] = planDeploys([network.wanted(changed)], {
    self,
    nodes,
    portHolder: () => undefined,
  });
  assert.equal(planned?.instances[0]?.action, "keep");
  assert.equal(
    planned?.instances[0]?.reason,
    "its node is away, and what is placed there is left there",
  );
});

test("of several, each counts for where the next one goes", () => {
  const network = new Network([node("a"), node("b"), node("c")]);
  const wanted = ["one", "two", "three"].map((name) => network.wanted(spec(name)));
  const planned = planDeploys(wanted, {
    self,
    nodes: network.nodes(),
    portHolder: () => undefined,
  });
  assert.deepEqual(
    planned.map(({ group }) => group),
    ["one", "two", "three"],
  );
  assert.equal(
    new Set(planned.flatMap(({ instances }) => instances.map(({ node: id }) => id))).size,
    3,
  );
});

test("a deploy right after a plan does what the plan said, whatever was deployed before", () => {
  const providers = ["bash", "docker", "xen"];
  const host = fc.record({
    state: fc.constantFrom("alive", "alive", "alive", "away", "dead"),
    offers: fc.subarray(providers.slice(0, 2)),
    isFlapping: fc.boolean(),
  });
  const service = fc.record({
    name: fc.constantFrom("db", "api", "web", "job"),
    provider: fc.constantFrom(...providers),
    version: fc.nat(2),
  });
  const specOf = ({
    name,
    provider,
    version,
  }: {
    name: string;
    provider: string;
    version: number;
  }) => spec(name, { provider, env: { V: version } });
  fc.assert(
    fc.property(
      fc.array(host, { maxLength: 4 }),
      fc.array(service),
      service,
      (hosts, past, next) => {
        const network = new Network(
          hosts.map(({ state, offers, isFlapping }, index) =>
            node(`n${index}`, {
              state,
              isFlapping,
              providers: new Map(offers.map((type) => [type, { available: true } as const])),
            }),
          ),
        );
        for (const before of past) network.deploy(specOf(before));
        const present = network.placements.get(next.name);
        const { group, result, generation, instance, changes } = planOne(network, specOf(next));
        assert.deepEqual(network.deploy(specOf(next)), { result, generation });
        const placed = network.placements.get(group);
        assert.ok(placed !== undefined);
        assert.equal(placed.node, instance.node);
        assert.deepEqual(placed.refusals, instance.refusals);
        assert.equal(present?.node ?? null, instance.from);
        const isSame = placed.instance === present?.instance && placed.node !== null;
        assert.equal(instance.action === "keep", isSame);
        assert.equal(changes.length > 0, result === "updated");
        assert.equal(group, asServiceName(next.name));
      },
    ),
    { numRuns: 500 },
  );
});
