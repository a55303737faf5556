import assert from "node:assert/strict";
import { test } from "node:test";
import { Catalog } from "../../../src/actors/catalog.ts";
import { CopyWatch } from "../../../src/actors/copy-watch.ts";
import { dropArrived, placementPass } from "../../../src/actors/placement-pass.ts";
import { PlacementTable } from "../../../src/actors/placement-table.ts";
import { Rollouts } from "../../../src/actors/rollouts.ts";
import { asInstanceId, asNodeId, asServiceName, type NodeId } from "../../../src/core/ids.ts";
import { silentLog } from "../../../src/core/log.ts";
import type { Member } from "../../../src/membership/view.ts";
import { newStatus } from "../../../src/services/instance-status.ts";
import { keys } from "../../../src/services/keys.ts";
import type { PlacementRecord } from "../../../src/services/records.ts";
import { parseSpec, specToJson } from "../../../src/services/spec.ts";
import { taskDigest } from "../../../src/services/task-digest.ts";

const [self, other] = ["0a", "0b"].map((n) => asNodeId(n.padStart(32, "0"))) as [NodeId, NodeId];

const web = asServiceName("web");

function member(id: NodeId): Member {
  const providers = [{ type: "bash", available: true }];
  const facts = { providers, labels: {}, version: "1" };
  return { id, name: id.slice(-2), address: `${id}:1`, incarnation: 1, state: "alive", facts };
}

function catalogOf(names: readonly string[]): Catalog {
  const catalog = new Catalog(self, silentLog);
  catalog.publishView({ version: 1, members: [member(self), member(other)] });
  names.forEach((name, at) => {
    const spec = specToJson(parseSpec({ name, provider: "bash", params: { command: "true" } }));
    const value = { name, uid: "0011223344556677", spec, generation: 1 };
    const stamp = { wall: 1 + at, counter: 0, origin: self };
    catalog.apply([{ key: keys.spec(asServiceName(name)), value, stamp, seen: [] }]);
  });
  return catalog;
}

function pass(catalog: Catalog, underway: PlacementTable, changed?: ReadonlySet<string>) {
  return placementPass(
    {
      catalog,
      self,
      owns: () => true,
      underway,
      absentForMs: () => 4_000,
      rollouts: new Rollouts(),
      copyWatch: new CopyWatch(),
      nowMs: 0,
      wallMs: 0,
    },
    changed,
  );
}

test("services that are deployed at once are spread, before any placement has been written", () => {
  const names = Array.from({ length: 10 }, (_, n) => `service-${n}`);
  const catalog = catalogOf(names);
  const underway = new PlacementTable();
  for (const name of names) {
    const { placed } = pass(catalog, underway, new Set([name]));
    for (const placement of placed) underway.set(placement.service, placement.slot, placement);
    assert.equal(placed.length, 1);
  }
  assert.deepEqual([underway.countOn(self), underway.countOn(other)], [5, 5]);
  assert.deepEqual(pass(catalog, underway).entries, []);
});

test("what the catalog has heard of is counted once, and can be placed anew", () => {
  const catalog = catalogOf(["web"]);
  const underway = new PlacementTable();
  const { entries, placed } = pass(catalog, underway);
  for (const placement of placed) underway.set(placement.service, placement.slot, placement);
  dropArrived(underway, catalog, undefined);
  assert.equal(underway.all().length, 1);
  const stamp = { wall: 9, counter: 0, origin: self };
  catalog.apply(entries.map(({ key, value }) => ({ key, value, stamp, seen: [] })));
  dropArrived(underway, catalog, new Set(["web"]));
  assert.equal(underway.all().length, 0);
  assert.equal(catalog.instancesOn(self) + catalog.instancesOn(other), 1);
});

test("a service is taken over from a node that died, and from one that is away after its grace", () => {
  const catalog = catalogOf(["web"]);
  const underway = new PlacementTable();
  const { entries, placed } = pass(catalog, underway);
  const from = placed[0]?.node ?? self;
  const stamp = { wall: 9, counter: 0, origin: self };
  catalog.apply(entries.map(({ key, value }) => ({ key, value, stamp, seen: [] })));
  const members = [member(self), member(other)];
  const seen = (state: Member["state"]) => {
    const changed = members.map((one) => (one.id === from ? { ...one, state } : one));
    catalog.publishView({ version: 2, members: changed });
    return pass(catalog, underway);
  };
  for (const state of ["alive", "suspect", "left"] as const) {
    assert.deepEqual(seen(state), {
      entries: [],
      placed: [],
      takenOver: [],
      lookAgainMs: undefined,
      failed: [],
    });
  }
  const idle = { entries: [], placed: [], takenOver: [], failed: [] };
  assert.deepEqual(seen("away"), { ...idle, lookAgainMs: 6_000 });
  const [to = self] = [self, other].filter((id) => id !== from);
  const { placed: now, takenOver } = seen("dead");
  assert.deepEqual([now[0]?.node, now[0]?.epoch.counter], [to, 2]);
  assert.deepEqual(takenOver, [{ service: "web", from: from.slice(-2), to: to.slice(-2) }]);
});

test("an instance that runs beside the one that is placed is adopted, asked, and the other ended", () => {
  const catalog = catalogOf(["web"]);
  const copyWatch = new CopyWatch();
  let nowMs = 0;
  const decide = () => {
    const seen = { owns: () => true, underway: new PlacementTable(), absentForMs: () => 0 };
    const time = { nowMs, wallMs: 7 };
    const { placed, lookAgainMs } = placementPass(
      { catalog, self, ...seen, rollouts: new Rollouts(), copyWatch, ...time },
      undefined,
    );
    return { placement: placed[0], lookAgainMs };
  };
  let counter = 0;
  const apply = (key: string, value: unknown) => {
    counter += 1;
    const stamp = { wall: 9, counter, origin: self };
    catalog.apply([{ key, value, stamp, seen: [] }]);
  };
  const place = (record: PlacementRecord) => apply(keys.placement(web, 0), record);
  const tell = (
    { instance, uid, node, specStamp }: PlacementRecord,
    startedAt: number,
    { under, obeys }: { readonly under: number; readonly obeys: number },
  ) => {
    const task = taskDigest(
      parseSpec({ name: web, provider: "bash", params: { command: "true" } }),
    );
    const status = { ...newStatus(0), state: "running", startedAt, task, specStamp };
    const placed = { slot: 0, under, obeys };
    apply(keys.status(web, instance), { service: web, instance, uid, node, status, placed });
  };
  const { placement: original } = decide();
  assert.ok(original !== undefined);
  const elsewhere = original.node === self ? other : self;
  const epoch = { counter: 2, controller: other };
  const instance = asInstanceId("00000002");
  const copy: PlacementRecord = { ...original, instance, node: elsewhere, epoch, cause: "lost" };
  place(copy);
  tell(original, 100, { under: 1, obeys: 1 });
  tell(copy, 200, { under: 2, obeys: 2 });
  assert.deepEqual(decide(), { placement: undefined, lookAgainMs: 2_000 });
  nowMs = 2_000;
  const { placement: adopted } = decide();
  assert.ok(adopted !== undefined);
  assert.deepEqual(
    [adopted.instance, adopted.node, adopted.epoch.counter, adopted.ended, adopted.passedOver],
    [original.instance, original.node, 3, [], []],
  );
  place(adopted);
  assert.equal(decide().placement, undefined, "it has yet to confirm");
  tell(original, 100, { under: 1, obeys: 3 });
  const { placement: kept } = decide();
  assert.ok(kept !== undefined);
  assert.deepEqual([kept.epoch.counter, kept.ended, kept.passedOver], [4, [instance], undefined]);
  const about = { keptOn: original.node, merit: "longest_running", by: self, atMs: 7 };
  assert.deepEqual(kept.endedCopies, [{ instance, node: elsewhere, ...about }]);
  place(kept);
  assert.equal(decide().placement, undefined);
});
