import assert from "node:assert/strict";
import { test } from "node:test";
import { InvalidSpec } from "../../../src/core/errors.ts";
import { asNodeId, asServiceName } from "../../../src/core/ids.ts";
import type { Candidate } from "../../../src/services/eligibility.ts";
import { membersOf, withInstances } from "../../../src/services/group-members.ts";
import { parseGroupSpec } from "../../../src/services/group-spec.ts";
import { place } from "../../../src/services/placement.ts";
import { refusalsText } from "../../../src/services/placement-text.ts";
import { parseSpec, specToJson } from "../../../src/services/spec.ts";
import { taskDigest } from "../../../src/services/task-digest.ts";
import { otherUserOf, type VolumeHomeOf } from "../../../src/services/volumes.ts";
import { errorsOf } from "./spec-errors.ts";

const least = { name: "db", provider: "bash" };
const volumes = [{ from: "data", at: "/srv/data" }];

test("volumes are read, and told with their kind", () => {
  const spec = parseSpec({ ...least, volumes });
  assert.deepEqual(spec.volumes, [{ ...volumes[0], kind: "local" }]);
  assert.deepEqual(specToJson(spec)["volumes"], spec.volumes);
  assert.equal(specToJson(parseSpec(least))["volumes"], undefined);
});

test("every error of volumes is told with its path", () => {
  const errors = errorsOf({
    volumes: [
      { from: "data", at: "/srv/data" },
      { from: "data", at: "/srv/other" },
      { from: "x", at: "/srv/data" },
      { from: "y", at: "/srv/data/below" },
      { from: "No", at: "srv" },
      { from: "z", at: "/srv/../etc", kind: "nfs", mode: 1 },
      { from: "datasets", at: "/srv/datasets" },
    ],
  });
  assert.deepEqual(Object.keys(errors).sort(), [
    "volumes[1].from",
    "volumes[2].at",
    "volumes[3].at",
    "volumes[4].at",
    "volumes[4].from",
    "volumes[5].at",
    "volumes[5].kind",
    "volumes[5].mode",
  ]);
  assert.match(errors["volumes[1].from"] ?? "", /data is listed twice/);
  assert.match(errors["volumes[3].at"] ?? "", /data/);
});

test("a volume that is a service has the name of one, is required, and has many writers", () => {
  const shared = { from: "storage/shared", at: "/srv/shared", kind: "glusterfs" };
  const both = { ...least, volumes: [shared], instances: 3, update: { order: "start-first" } };
  assert.deepEqual(parseSpec(both).volumes, [shared]);
  assert.deepEqual(parseSpec(both).requires, []);
  const [member] = membersOf(parseSpec({ ...both, requires: ["cache"] })).values();
  assert.deepEqual(member?.spec.requires, ["cache", "storage/shared"]);
  const local = { ...shared, kind: "local" };
  assert.deepEqual(Object.keys(errorsOf({ volumes: [local] })), ["volumes[0].from"]);
  assert.equal(otherUserOf("storage/shared", asServiceName("web"), [parseSpec(both)]), undefined);
});

test("in a group it is a sibling first, is there, is listed before, and is a volume", () => {
  const shared = { name: "shared", provider: "glusterfs" };
  const web = {
    ...least,
    name: "web",
    volumes: [{ from: "shared", at: "/srv/shared", kind: "glusterfs" }],
  };
  const shop = (...services: object[]) => parseGroupSpec({ name: "shop", services });
  const member = membersOf(shop(shared, web)).get(asServiceName("shop/web"));
  assert.deepEqual(member?.spec.requires, ["shop/shared"]);
  assert.equal(member?.spec.volumes[0]?.from, "shop/shared");
  const path = "services[1].volumes[0].from";
  assert.throws(() => shop({ ...shared, provider: "bash" }, web), hasDetail(path, /not a volume/));
  assert.throws(() => shop(web, shared), hasDetail(path.replace("1", "0"), /started after it/));
  // Of what is elsewhere it is not known whether it is one: it may be deployed later.
  assert.equal(membersOf(shop(web)).size, 1);
});

function hasDetail(path: string, message: RegExp) {
  return (error: unknown) =>
    error instanceof InvalidSpec &&
    error.details.some((detail) => detail.path === path && message.test(detail.message));
}

test("a service that is a volume has one instance, which is ended before the next begins", () => {
  const provider = "glusterfs";
  assert.match(errorsOf({ provider, instances: 2 })["instances"] ?? "", /it is one volume/);
  const update = { order: "start-first" };
  assert.match(errorsOf({ provider, update })["update.order"] ?? "", /it is one volume/);
});

test("a volume has one writer: one instance, which is ended before the next begins", () => {
  for (const instances of [2, "everywhere"]) {
    assert.match(errorsOf({ volumes, instances })["instances"] ?? "", /a volume has one writer/);
  }
  assert.deepEqual(errorsOf({ volumes, instances: 0 }), {});
  const update = { order: "start-first" };
  assert.match(errorsOf({ volumes, update })["update.order"] ?? "", /a volume has one writer/);
  // What would be start-first without one.
  const checked = { ports: { http: 0 }, health: { tcp: { port: "http" } } };
  assert.equal(parseSpec({ ...least, ...checked }).update.order, "start-first");
  assert.equal(parseSpec({ ...least, ...checked, volumes }).update.order, "stop-first");
});

test("a version with a volume that is gone back to has no more instances than can write to it", () => {
  const group = parseGroupSpec({ name: "shop", services: [{ ...least, volumes }] });
  const instancesOf = (count: number) => withInstances(group, () => count);
  assert.deepEqual(instancesOf(3), group);
  const [none] = "services" in instancesOf(0) ? parseGroupServices(instancesOf(0)) : [];
  assert.equal(none, 0);
});

function parseGroupServices(spec: ReturnType<typeof parseGroupSpec>): readonly unknown[] {
  return "services" in spec
    ? spec.services.map((one) => ("instances" in one ? one.instances : undefined))
    : [];
}

test("other volumes take another task; a spec without any has the digest that it had before", () => {
  const of = (more: object) => taskDigest(parseSpec({ ...least, ...more }));
  assert.notEqual(of({ volumes }), of({}));
  assert.notEqual(of({ volumes }), of({ volumes: [{ from: "data", at: "/srv" }] }));
  assert.equal(of({ volumes: [] }), of({}));
});

const db = { service: asServiceName("db"), provider: "bash", constraints: [], volumes: ["data"] };

function node(name: string, more: Partial<Candidate> = {}): Candidate {
  const providers = new Map([["bash", { available: true, hasVolumes: true } as const]]);
  const about = { id: asNodeId(name), name, labels: {} };
  return { ...about, state: "alive", providers, instances: 0, ...more };
}

const onB: VolumeHomeOf = (volume) =>
  volume === "data" ? { node: asNodeId("b"), name: "b" } : undefined;

test("who uses a volume is placed where it lives, however full that is, and anywhere before it is made", () => {
  const nodes = [node("a"), node("b", { instances: 30 })];
  const at = (volumeHome: VolumeHomeOf) => {
    const placed = place({ ...db, volumeHome }, nodes);
    return "node" in placed && placed.node;
  };
  assert.equal(at(onB), "b");
  assert.equal(
    at(() => undefined),
    "a",
  );
});

test("while the node of its volume cannot take it, no other does, and each says why", () => {
  const why = (nodes: readonly Candidate[]) => {
    const placed = place({ ...db, volumeHome: onB, present: asNodeId("b") }, nodes);
    assert.ok("refusals" in placed);
    return refusalsText(placed.refusals);
  };
  const elsewhere = "a has not volume data, which is on b";
  assert.equal(
    why([node("a"), node("b", { state: "dead" })]),
    `no node can take it: ${elsewhere}; b is dead`,
  );
  assert.equal(
    why([node("a"), node("b", { isDrained: true })]),
    `no node can take it: ${elsewhere}; b is drained`,
  );
  assert.equal(why([node("a")]), `no node can take it: ${elsewhere}`);
});

test("a node whose provider gives its tasks no volumes is none for it", () => {
  const old = node("old", { providers: new Map([["bash", { available: true }]]) });
  const placed = place(db, [old]);
  assert.ok("refusals" in placed);
  assert.deepEqual(placed.refusals[0]?.reasons, ["cannot give volumes to bash"]);
});
