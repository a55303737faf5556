import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { asNodeId } from "../../../src/core/ids.ts";
import type {
  Decision,
  DesiredService,
  Observed,
  ReconcileInput,
} from "../../../src/services/decision.ts";
import { keys } from "../../../src/services/keys.ts";
import { reconcile } from "../../../src/services/reconcile.ts";
import { parsePlacement } from "../../../src/services/record-parsers.ts";
import { compareEpochs, type PlacementRecord } from "../../../src/services/records.ts";
import { parseSpec } from "../../../src/services/spec.ts";

type Node = Omit<ReconcileInput["nodes"][number], "instances">;
type Wanted = Omit<DesiredService, "present" | "observe" | "updatesMax"> & Partial<Observed>;
type Input = Pick<ReconcileInput, "self"> & {
  readonly services: readonly Wanted[];
  readonly placements: readonly PlacementRecord[];
  readonly nodes: readonly Node[];
};

/** What is decided, the nodes' instances counted. */
function decide(input: Input): readonly Decision[] {
  const { self: decider, placements } = input;
  const count = (id: Node["id"]) => placements.filter((placement) => placement.node === id).length;
  const wanted = input.services.map(
    ({ isIdle = false, isReady = true, ...one }): DesiredService => {
      const present = placements.filter(({ service: name }) => name === one.spec.name);
      const observe = () => ({ isIdle, isReady, needsNewTask: true, hasTakenOver: false });
      return { ...one, present, observe, updatesMax: Number.POSITIVE_INFINITY };
    },
  );
  const counted = input.nodes.map((known) => ({ ...known, instances: count(known.id) }));
  return reconcile({
    self: decider,
    services: wanted,
    nodes: counted,
    missedForMs: () => 5_000,
    portHolder: () => undefined,
  });
}

const [a, b, c] = ["aaaaaaaa", "bbbbbbbb", "cccccccc"].map(asNodeId);
const ids = [a, b, c].filter((id) => id !== undefined);
const self = asNodeId("aaaaaaaa");

function node(
  at: number,
  state: Node["state"] = "alive",
  offers: readonly string[] = ["bash"],
): Node {
  const id = ids[at] ?? self;
  const providers = new Map(offers.map((type) => [type, { available: true } as const]));
  return { id, name: `node-${at}`, labels: {}, state, providers };
}

function service(name: string, more: Partial<Wanted> = {}, spec: object = {}): Wanted {
  const parsed = parseSpec({ name, provider: "bash", ...spec });
  return { specStamp: "1", uid: "00000001", ...more, spec: parsed };
}

/** The placements once the decisions have been carried out. */
function applied(input: Input, decisions: readonly Decision[]): readonly PlacementRecord[] {
  const byKey = new Map(input.placements.map((record) => [keyOf(record), record]));
  for (const { kind, placement } of decisions) {
    if (kind === "place") byKey.set(keyOf(placement), placement);
    else byKey.delete(keyOf(placement));
  }
  return [...byKey.values()];
}

function keyOf({ service, slot }: PlacementRecord): string {
  return keys.placement(service, slot);
}

function run(input: Partial<Input>): readonly PlacementRecord[] {
  const whole = { self, services: [], placements: [], nodes: [node(0), node(1)], ...input };
  return applied(whole, decide(whole));
}

test("a service without a placement gets one", () => {
  const [placement] = run({ services: [service("web")] });
  assert.ok(placement?.node);
  assert.deepEqual(placement.epoch, { counter: 1, controller: self });
  assert.equal(placement.specStamp, "1");
});

test("many services spread evenly over the nodes", () => {
  const services = Array.from({ length: 20 }, (_, i) => service(`s${i}`));
  const placements = run({ services, nodes: [node(0), node(1), node(2), node(2, "dead")] });
  for (const id of ids) {
    const count = placements.filter((placement) => placement.node === id).length;
    assert.ok(count === 6 || count === 7, `${count}`);
  }
});

test("what no node can take is pending with the refusals, and placed as soon as one can", () => {
  const services = [service("web", {}, { provider: "docker" })];
  const pending = run({ services });
  assert.equal(pending[0]?.node, null);
  assert.deepEqual(
    pending[0]?.refusals.map(({ reasons }) => reasons),
    [["does not offer docker"], ["does not offer docker"]],
  );
  const placed = run({
    services,
    placements: pending,
    nodes: [node(0), node(1, "alive", ["docker"])],
  });
  assert.equal(placed[0]?.node, b);
  assert.deepEqual(placed[0]?.refusals, []);
  assert.equal(placed[0]?.epoch.counter, 2);
});

test("two controllers that see different nodes make two instances, each with a status of its own", () => {
  const services = [service("web")];
  const [mine] = run({ services, nodes: [node(0), node(1, "dead")] });
  const [theirs] = run({ services, nodes: [node(0, "dead"), node(1)] });
  assert.notEqual(theirs?.node, mine?.node);
  assert.notEqual(theirs?.instance, mine?.instance);
});

test("an update keeps the instance and its node, under a higher epoch", () => {
  const [first] = run({ services: [service("web")] });
  assert.ok(first);
  const [next] = run({ services: [service("web", { specStamp: "2" })], placements: [first] });
  assert.deepEqual(next, { ...first, specStamp: "2", epoch: { counter: 2, controller: self } });
});

test("an update to a provider that its node does not offer moves it, as another instance", () => {
  const nodes = [node(0), node(1, "alive", ["docker"])];
  const [first] = run({ services: [service("web")], nodes });
  assert.ok(first);
  assert.equal(first.node, a);
  const updated = service("web", { specStamp: "2" }, { provider: "docker" });
  const [next] = run({ services: [updated], placements: [first], nodes });
  assert.equal(next?.node, b);
  assert.notEqual(next?.instance, first.instance);
});

test("an update to another provider that its node offers too makes another instance there", () => {
  const nodes = [node(0), node(1, "alive", ["bash", "docker"])];
  const spread = run({ services: [service("api"), service("web")], nodes });
  const first = spread.find(({ node: id }) => id === b);
  assert.ok(first);
  const updated = service(first.service, { specStamp: "2" }, { provider: "docker" });
  const next = run({ services: [updated], placements: spread, nodes });
  const moved = next.find((one) => one.service === first.service);
  assert.ok(moved);
  assert.equal(moved.node, b);
  assert.equal(moved.provider, "docker");
  assert.equal(moved.epoch.counter, 2);
  assert.notEqual(moved.instance, first.instance);
});

test("a placement of version 0.1, of which no one knows the provider, is kept and then knows it", () => {
  const [first] = run({ services: [service("web")] });
  assert.ok(first);
  const { provider: _, ...old } = first;
  const [next] = run({ services: [service("web", { specStamp: "2" })], placements: [old] });
  assert.equal(next?.instance, first.instance);
  assert.equal(next.provider, "bash");
});

test("what is placed on a node that is dead or unknown is taken over at once", () => {
  const [first] = run({ services: [service("web")], nodes: [node(1)] });
  assert.ok(first);
  for (const nodes of [[node(0), node(1, "dead")], [node(0)]]) {
    const [next] = run({ services: [service("web")], placements: [first], nodes });
    assert.ok(next);
    assert.deepEqual([next.node, next.epoch.counter, next.cause], [a, 2, "lost"]);
    assert.notEqual(next.instance, first.instance);
  }
});

test("a node that has left keeps what runs on its machine, until it is forgotten", () => {
  const [first] = run({ services: [service("web")], nodes: [node(1)] });
  assert.ok(first);
  const nodes = [node(0), node(1, "left")];
  assert.deepEqual(run({ services: [service("web")], placements: [first], nodes }), [first]);
});

test("from a node that is away nothing is taken before the grace of the service is over", () => {
  const [first] = run({ services: [service("web")], nodes: [node(1)] });
  assert.ok(first);
  const after = (awayForMs: number, spec: object = {}) =>
    run({
      services: [service("web", {}, spec)],
      placements: [first],
      nodes: [node(0), { ...node(1, "away"), awayForMs }],
    })[0]?.node;
  assert.deepEqual([after(0), after(9_999), after(10_000)], [b, b, a]);
  const patient = { restart_grace: "1h" };
  assert.deepEqual([after(3_599_999, patient), after(3_600_000, patient)], [b, a]);
  assert.equal(after(0, { restart_grace: "0s" }), a);
});

test("what no other node can take stays with its node, which may come back", () => {
  const [first] = run({ services: [service("web")], nodes: [node(1)] });
  assert.ok(first);
  const nodes = [node(0, "alive", []), node(1, "dead")];
  for (const specStamp of ["1", "2"]) {
    const services = [service("web", { specStamp })];
    assert.deepEqual(run({ services, placements: [first], nodes }), [first]);
  }
});

test("a job is not run again elsewhere, nor is what is to run no more; deployed anew it is", () => {
  const [first] = run({ services: [service("web")], nodes: [node(1)] });
  assert.ok(first);
  const nodes = [node(0), node(1, "dead")];
  const left = (more: Partial<Wanted>, spec: object = {}) =>
    run({ services: [service("web", more, spec)], placements: [first], nodes })[0]?.node;
  assert.equal(left({}, { restart: "none" }), b);
  assert.equal(left({ isIdle: true }), b);
  assert.equal(left({ specStamp: "2" }, { restart: "none" }), a);
});

test("the placement of a service that is to have none is withdrawn, that of another is not", () => {
  const placements = run({ services: [service("web"), service("other")] });
  const left = run({ services: [service("web", {}, { instances: 0 })], placements });
  assert.deepEqual(
    left.map(({ service }) => service),
    ["other"],
  );
});

test("what is withdrawn makes room in the same pass", () => {
  const nodes = [node(0), node(1), node(2)];
  const old = ["p", "q", "r"].map((name) => service(name));
  const placements = run({ services: old, nodes });
  const freed = placements.find((one) => one.service === "q")?.node;
  const wanted = [service("q", {}, { instances: 0 }), service("z")];
  const next = run({ services: wanted, placements, nodes });
  assert.equal(next.find((one) => one.service === "z")?.node, freed);
});

test("what asks for more room than any node has runs as it was and says so, until its spec is another", () => {
  const nodes = [{ ...node(0), capacity: { memoryBytes: 100_000_000, milliCpus: 1_000 } }];
  const asking = (specStamp: string, memory: number) =>
    service("web", { specStamp }, { resources: { memory } });
  const [first] = run({ services: [asking("1", 50_000_000)], nodes });
  assert.ok(first);
  for (const order of ["start-first", "stop-first"] as const) {
    const larger = asking("2", 500_000_000);
    const spec = { ...larger.spec, update: { ...larger.spec.update, order } };
    const services = [{ ...larger, spec }];
    const waiting = run({ services, placements: [first], nodes });
    const reasons = waiting[0]?.refusals.flatMap((refusal) => refusal.reasons) ?? [];
    assert.deepEqual(waiting, [
      { ...first, refusals: waiting[0]?.refusals, epoch: waiting[0]?.epoch },
    ]);
    assert.match(reasons.join(), /memory/);
    assert.deepEqual(run({ services, placements: waiting, nodes }), waiting);
    const [back] = run({ services: [asking("3", 50_000_000)], placements: waiting, nodes });
    assert.deepEqual([back?.instance, back?.specStamp, back?.refusals], [first.instance, "3", []]);
  }
});

test("a name that was removed and deployed again gets a placement of the new creation", () => {
  const [first] = run({ services: [service("web")] });
  assert.ok(first);
  const services = [service("web", { uid: "00000002" })];
  const [next] = run({ services, placements: [first] });
  assert.equal(next?.uid, "00000002");
  assert.notEqual(next?.instance, first.instance);
});

test("two nodes that both take themselves for the controller make one instance on one node", () => {
  const [mine] = run({ services: [service("web")] });
  const [theirs] = run({ services: [service("web")], self: asNodeId("bbbbbbbb") });
  assert.deepEqual([theirs?.instance, theirs?.node], [mine?.instance, mine?.node]);
});

const state = fc.constantFrom<Node["state"]>("alive", "suspect", "away", "dead", "left");
const offers = fc.subarray(["bash", "docker"]);
const nodes = fc
  .array(fc.tuple(state, offers), { maxLength: 3 })
  .map((all) => all.map(([is, types], index) => node(index, is, types)));
const services = fc.uniqueArray(
  fc
    .record({
      name: fc.constantFrom("p", "q", "r", "s"),
      provider: fc.constantFrom("bash", "docker"),
      specStamp: fc.constantFrom("1", "2"),
      uid: fc.constantFrom("00000001", "00000002"),
      instances: fc.nat(1),
    })
    .map(({ name, provider, instances, ...more }) => service(name, more, { provider, instances })),
  { selector: ({ spec: { name } }) => name, maxLength: 4 },
);
const history = fc.array(fc.record({ services, nodes }), { minLength: 1, maxLength: 5 });

test("whatever has happened: idempotent, whatever the order, and epochs only go up", () => {
  fc.assert(
    fc.property(history, (steps) => {
      let placements: readonly PlacementRecord[] = [];
      for (const now of steps) {
        const input = { self, placements, ...now };
        const decisions = decide(input);
        const turned = {
          ...input,
          services: input.services.toReversed(),
          nodes: input.nodes.toReversed(),
          placements: placements.toReversed(),
        };
        assert.deepEqual(decide(turned), decisions);
        for (const { kind, placement } of decisions) {
          const before = placements.find((record) => keyOf(record) === keyOf(placement));
          if (kind !== "place" || before?.uid !== placement.uid) continue;
          assert.ok(compareEpochs(placement.epoch, before.epoch) > 0);
        }
        placements = applied(input, decisions);
        assert.deepEqual(decide({ ...input, placements }), []);
        for (const record of placements) assert.deepEqual(parsePlacement(record), record);
      }
    }),
    { numRuns: 500 },
  );
});

test("after a pass every service that is wanted has a place, or a pending one with refusals", () => {
  fc.assert(
    fc.property(services, nodes, (wanted, all) => {
      const placements = run({ services: wanted, nodes: all });
      for (const { spec } of wanted) {
        const placement = placements.find((one) => one.service === spec.name);
        assert.equal(placement === undefined, spec.instances === 0);
        if (placement === undefined) continue;
        const fits = all.filter(
          ({ state: is, providers }) => is === "alive" && providers.has(spec.provider),
        );
        if (fits.length === 0) assert.equal(placement.node, null);
        else assert.ok(fits.some(({ id }) => id === placement.node));
      }
    }),
  );
});
