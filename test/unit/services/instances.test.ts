import assert from "node:assert/strict";
import { test } from "node:test";
import { asNodeId, asServiceName } from "../../../src/core/ids.ts";
import type { Decision } from "../../../src/services/decision.ts";
import type { Candidate, PortHolder } from "../../../src/services/eligibility.ts";
import { reconcile } from "../../../src/services/reconcile.ts";
import type { PlacementRecord } from "../../../src/services/records.ts";
import { parseSpec, specToJson } from "../../../src/services/spec.ts";

const self = asNodeId("a");

function node(name: string, more: Partial<Candidate> = {}): Candidate {
  const providers = new Map([["bash", { available: true } as const]]);
  const about = { id: asNodeId(name), name, labels: {} };
  return { ...about, state: "alive", providers, instances: 0, ...more };
}

/** One service, pass after pass. */
class Service {
  placements: readonly PlacementRecord[] = [];
  decisions: readonly Decision[] = [];
  isReady = true;
  isIdle = false;
  hasTakenOver = false;
  missedForMs = 5_000;
  updatesMax = Number.POSITIVE_INFINITY;
  portHolder: PortHolder = () => undefined;
  readonly #tasks = new Map<string, string | undefined>();

  pass(spec: object, nodes: readonly Candidate[]): this {
    const parsed = parseSpec({ name: "web", provider: "bash", ...spec });
    const on = ({ id }: Candidate) => this.placements.filter((it) => it.node === id).length;
    const wanted = {
      spec: parsed,
      uid: "00000001",
      specStamp: JSON.stringify(specToJson(parsed)),
      present: this.placements,
      observe: ({ instance }: PlacementRecord) => ({
        isIdle: this.isIdle,
        isReady: this.isReady,
        hasTakenOver: this.hasTakenOver,
        needsNewTask: this.#tasks.get(instance) !== parsed.env["V"],
      }),
      updatesMax: this.updatesMax,
    };
    const counted = nodes.map((one) => ({ ...one, instances: (one.instances ?? 0) + on(one) }));
    this.decisions = reconcile({
      self,
      services: [wanted],
      nodes: counted,
      missedForMs: () => this.missedForMs,
      portHolder: this.portHolder,
    });
    const bySlot = new Map(this.placements.map((placement) => [placement.slot, placement]));
    for (const { kind, placement } of this.decisions) {
      if (kind === "place") {
        bySlot.set(placement.slot, placement);
        this.#tasks.set(placement.instance, parsed.env["V"]);
      }
      if (kind === "withdraw") bySlot.delete(placement.slot);
    }
    this.placements = [...bySlot.values()].sort((a, b) => a.slot - b.slot);
    return this;
  }

  get nodes(): readonly (string | null)[] {
    return this.placements.map((placement) => placement.node);
  }
}

const three = [node("a"), node("b"), node("c")];

test("so many as are asked for, each on another node as long as there are some", () => {
  const service = new Service().pass({ instances: 3 }, three);
  assert.deepEqual([...service.nodes].sort(), ["a", "b", "c"]);
  service.pass({ instances: 5 }, three);
  for (const { id } of three) assert.ok(service.nodes.filter((on) => on === id).length <= 2);
  assert.deepEqual(service.pass({ instances: 5 }, three).decisions, []);
});

test("its own instances are spread before the others' count", () => {
  const nodes = [node("a", { instances: 9 }), node("b")];
  assert.deepEqual([...new Service().pass({ instances: 2 }, nodes).nodes].sort(), ["a", "b"]);
});

test("fewer: those of the highest slots go, the others stay where they are", () => {
  const service = new Service().pass({ instances: 5 }, three);
  const kept = service.placements.slice(0, 2).map(({ instance }) => instance);
  service.pass({ instances: 2 }, three);
  assert.deepEqual(
    service.placements.map(({ instance }) => instance),
    kept,
  );
  assert.deepEqual(service.pass({ instances: 0 }, three).placements, []);
});

test("spread over the values of a label, nodes without it counting as one", () => {
  const zone = (name: string, value?: string) =>
    node(name, { labels: value === undefined ? {} : { zone: value } });
  const nodes = [zone("a", "x"), zone("b", "x"), zone("c", "x"), zone("d", "y"), zone("e")];
  const { nodes: on } = new Service().pass({ instances: 6, placement: { spread: "zone" } }, nodes);
  const inZone = (names: readonly string[]) => on.filter((id) => names.includes(id ?? "")).length;
  assert.deepEqual([inZone(["a", "b", "c"]), inZone(["d"]), inZone(["e"])], [2, 2, 2]);
});

test("everywhere: one on each node that can take it, as nodes come and go", () => {
  const everywhere = { instances: "everywhere" };
  const service = new Service().pass(everywhere, [node("a"), node("b", { providers: new Map() })]);
  assert.deepEqual(service.nodes, ["a"]);
  service.pass(everywhere, three);
  assert.deepEqual([...service.nodes].sort(), ["a", "b", "c"]);
  const before = service.placements;
  // A dead node's is not given to another one, and is there again with it.
  service.pass(everywhere, [node("a"), node("b", { state: "dead" }), node("c")]);
  assert.deepEqual(service.placements, before);
  // A forgotten one's is withdrawn, and a new node takes its slot.
  service.pass(everywhere, [node("a"), node("c"), node("d")]);
  assert.deepEqual([...service.nodes].sort(), ["a", "c", "d"]);
  assert.deepEqual(
    service.placements.map(({ slot }) => slot),
    [0, 1, 2],
  );
  service.pass({ ...everywhere, placement: { constraints: ["node.name != c"] } }, [
    node("a"),
    node("c"),
    node("d"),
  ]);
  assert.deepEqual([...service.nodes].sort(), ["a", "d"]);
});

/** A node whose engine is not there now. */
function away(name: string): Candidate {
  const offer = { available: false, reason: "nobody listens" } as const;
  return node(name, { providers: new Map([["bash", offer]]) });
}

test("what is placed stays where its engine is away, and nothing is placed there until it is back", () => {
  for (const instances of [2, "everywhere"]) {
    const service = new Service().pass({ instances }, [node("a"), node("b")]);
    const before = service.placements;
    service.pass({ instances }, [node("a"), away("b"), away("c")]);
    assert.deepEqual(service.placements, before, `${instances}`);
  }
  const service = new Service().pass({}, [away("a")]);
  assert.deepEqual(service.placements[0]?.refusals[0]?.reasons, [
    "does not offer bash (bash: not available: nobody listens)",
  ]);
  assert.deepEqual(service.pass({}, [node("a")]).nodes, ["a"]);
});

test("an update moves what another node can run while its own engine is away, and else waits for that", () => {
  const changed = { env: { V: "2" } };
  const stays = new Service().pass({}, [node("a")]);
  const [before] = stays.placements;
  stays.pass(changed, [away("a"), away("b")]);
  assert.deepEqual(
    stays.placements.map(({ node: on, instance, specStamp }) => [on, instance, specStamp]),
    [["a", before?.instance, before?.specStamp]],
  );
  stays.pass(changed, [node("a"), away("b")]);
  assert.deepEqual(stays.nodes, ["a"]);
  assert.notEqual(stays.placements[0]?.specStamp, before?.specStamp);
  const moves = new Service().pass({}, [node("a"), away("b")]);
  assert.deepEqual(moves.pass(changed, [away("a"), node("b")]).nodes, ["b"]);
});

test("everywhere where no node can take it is pending, with every reason", () => {
  const service = new Service().pass({ instances: "everywhere", provider: "docker" }, three);
  assert.deepEqual(service.nodes, [null]);
  assert.equal(service.placements[0]?.refusals.length, 3);
  const docker = node("d", { providers: new Map([["docker", { available: true }]]) });
  service.pass({ instances: "everywhere", provider: "docker" }, [...three, docker]);
  assert.deepEqual(service.nodes, ["d"]);
});

test("from a drained node each moves once another can take over, which it names", () => {
  const service = new Service().pass({ instances: 2 }, [node("a"), node("b")]);
  const [first] = service.placements.filter(({ node: on }) => on === "a");
  const drained = [node("a", { isDrained: true }), node("b"), node("c")];
  service.pass({ instances: 2 }, drained);
  assert.deepEqual([...service.nodes].sort(), ["b", "c"]);
  const moved = service.placements.find(({ node: on }) => on === "c");
  assert.deepEqual(moved?.outgoing, { instance: first?.instance, node: "a" });
  assert.deepEqual(service.pass({ instances: 2 }, drained).decisions, []);
  service.hasTakenOver = true;
  service.pass({ instances: 2 }, drained);
  const { outgoing: _, ...settled } = moved ?? assert.fail();
  const epoch = { ...settled.epoch, counter: settled.epoch.counter + 1 };
  assert.deepEqual(
    service.placements.find(({ node: on }) => on === "c"),
    { ...settled, epoch, ended: [first?.instance] },
  );
  assert.deepEqual(service.pass({ instances: 2 }, drained).decisions, []);
});

test("what is on a node that is not known yet stays, and is taken over where it stays unknown", () => {
  for (const spec of [{}, { instances: "everywhere" }]) {
    const service = new Service().pass(spec, [node("b")]);
    service.missedForMs = 4_999;
    assert.equal(service.pass(spec, [node("a")]).nodes.filter((on) => on === "b").length, 1);
    service.missedForMs = 5_000;
    assert.deepEqual(service.pass(spec, [node("a")]).nodes, ["a"]);
  }
});

test("what is moved again before it was ready still takes over from the one that runs", () => {
  const service = new Service().pass({}, [node("a")]);
  const [first] = service.placements;
  service.pass({}, [node("a", { isDrained: true }), node("b")]);
  service.isReady = false;
  service.pass({}, [node("a", { isDrained: true }), node("b", { isDrained: true }), node("c")]);
  assert.deepEqual(service.placements[0]?.node, "c");
  assert.deepEqual(service.placements[0]?.outgoing, { instance: first?.instance, node: "a" });
});

test("what no other node can take, jobs, and what does not run stay on a drained node", () => {
  const drained = [node("a", { isDrained: true })];
  const alone = new Service().pass({}, [node("a")]).pass({}, drained);
  assert.deepEqual(alone.decisions, []);
  const job = new Service().pass({ restart: "none" }, [node("a")]);
  assert.deepEqual(job.pass({ restart: "none" }, [...drained, node("b")]).decisions, []);
  const idle = new Service().pass({}, [node("a")]);
  idle.isIdle = true;
  assert.deepEqual(idle.pass({}, [...drained, node("b")]).decisions, []);
});

test("nothing is placed on a drained node, and it says so", () => {
  const { placements } = new Service().pass({}, [node("a", { isDrained: true })]);
  assert.deepEqual(placements[0]?.refusals[0]?.reasons, ["is drained"]);
});

test("how many is a whole number or everywhere, and nothing else", () => {
  for (const instances of [-1, 1.5, 1_001, "all", null, "3"]) {
    assert.throws(
      () => parseSpec({ name: "web", provider: "bash", instances }),
      ({ details: [{ path }] }) => path === "instances",
    );
  }
  const tooMany = "must be a whole number from 0 to 1000, or everywhere";
  for (const [instances, message] of [
    [1_001, tooMany],
    ["everywere", `${tooMany}, did you mean \`everywhere\`?`],
  ]) {
    assert.throws(
      () => parseSpec({ name: "web", provider: "bash", instances }),
      ({ details: [{ message: told }] }) => told === message,
    );
  }
  for (const instances of [0, 1, 1_000, "everywhere"]) {
    assert.equal(parseSpec({ name: "web", provider: "bash", instances }).instances, instances);
  }
});

test("an update replaces as many at a time as it may, in place or by others that take over", () => {
  const version = (v: number, order: string) => ({
    instances: 3,
    env: { V: v },
    update: { order },
  });
  for (const order of ["stop-first", "start-first"]) {
    const service = new Service().pass(version(1, order), three);
    const before = service.placements;
    service.updatesMax = 2;
    service.pass(version(2, order), three);
    assert.equal(service.decisions.length, 2);
    const replaced = service.placements.slice(0, 2);
    for (const [slot, placement] of replaced.entries()) {
      const old = before[slot];
      assert.equal(placement.node, old?.node);
      const outgoing =
        order === "start-first" ? { instance: old?.instance, node: old?.node } : undefined;
      assert.deepEqual(placement.outgoing, outgoing);
      assert.equal(placement.instance === old?.instance, order === "stop-first");
    }
    assert.deepEqual(service.placements[2], before[2]);
    service.updatesMax = 0;
    assert.deepEqual(service.pass(version(2, order), three).decisions, []);
    service.isReady = false;
    service.pass(version(2, order), three);
    assert.equal(service.decisions.length, 1, "what does not run anyway is not waited with");
  }
});

test("an update that is undone goes back to what it had yet to take over from, where that still can stay", () => {
  const version = (v: string) => ({ env: { V: v }, update: { order: "start-first" } });
  const updated = () => new Service().pass(version("1"), [node("a")]).pass(version("2"), three);
  const service = updated();
  const [second] = service.placements;
  const { outgoing } = second ?? assert.fail();
  service.pass(version("1"), three);
  const [placed] = service.placements;
  assert.deepEqual({ instance: placed?.instance, node: placed?.node }, outgoing);
  assert.equal(placed?.outgoing, undefined);
  assert.deepEqual(placed?.ended, [second?.instance]);
  assert.deepEqual(service.pass(version("1"), three).decisions, []);

  const isOther = (undone: Service) => undone.placements[0]?.instance !== outgoing?.instance;
  assert.ok(isOther(updated().pass(version("3"), three)), "it runs another version");
  const ill = updated();
  ill.isReady = false;
  assert.ok(isOther(ill.pass(version("1"), three)), "it does not do its work");
  const drained = [node("a", { isDrained: true }), node("b"), node("c")];
  assert.ok(isOther(updated().pass(version("1"), drained)), "its node is to be empty");
});

test("an update that no task need be replaced for is of all at once", () => {
  const service = new Service().pass({ instances: 3 }, three);
  service.updatesMax = 0;
  service.pass({ instances: 3, restart: "on_error" }, three);
  assert.equal(service.decisions.length, 3);
  assert.deepEqual(service.pass({ instances: 3, restart: "on_error" }, three).decisions, []);
});

test("a fixed port is given once on each node, and who has it is told", () => {
  const ports = { http: 8080 };
  const service = new Service().pass({ instances: 4, ports }, three);
  assert.deepEqual([...service.nodes.slice(0, 3)].sort(), ["a", "b", "c"]);
  assert.equal(service.nodes[3], null);
  assert.deepEqual(
    service.placements[3]?.refusals.map(({ reasons }) => reasons),
    [
      ["has given port 8080 to web"],
      ["has given port 8080 to web"],
      ["has given port 8080 to web"],
    ],
  );
  const other = new Service();
  other.portHolder = (at, port) =>
    at === "a" && port === 8080 ? asServiceName("proxy") : undefined;
  assert.deepEqual(other.pass({ ports }, [node("a"), node("b")]).nodes, ["b"]);
  assert.deepEqual(other.pass({ ports: { http: 8081 } }, [node("a")]).nodes, ["a"]);
});
