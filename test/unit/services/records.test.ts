import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { InvalidSpec } from "../../../src/core/errors.ts";
import { asInstanceId, asNodeId, asServiceName } from "../../../src/core/ids.ts";
import { newStatus } from "../../../src/services/instance-status.ts";
import { keys, parseKey } from "../../../src/services/keys.ts";
import {
  parseGroup,
  parsePlacement,
  parseRemoved,
  parseRestart,
  parseRunState,
  parseStatus,
} from "../../../src/services/record-parsers.ts";
import {
  compareEpochs,
  groupToJson,
  type PlacementRecord,
  type StatusRecord,
} from "../../../src/services/records.ts";
import { parseSpec } from "../../../src/services/spec.ts";
import { parseToken } from "../../../src/services/token-record.ts";
import { validSpec } from "./arbitraries.ts";

const uid = "0123456789abcdef";
const node = asNodeId("00112233445566778899aabbccddeeff");
const web = asServiceName("web");

const placement: PlacementRecord = {
  service: web,
  slot: 0,
  instance: asInstanceId(uid),
  node: null,
  refusals: [{ node, name: "6666@a", reasons: ["is dead"] }],
  epoch: { counter: 3, controller: node },
  uid,
  specStamp: "1.2.x",
  ended: [asInstanceId("00000001")],
  passedOver: [],
  endedCopies: [
    {
      instance: asInstanceId("00000001"),
      node,
      keptOn: node,
      merit: "healthy",
      by: node,
      atMs: 5,
    },
  ],
};

const status: StatusRecord = {
  service: web,
  instance: asInstanceId(uid),
  uid,
  node,
  status: {
    ...newStatus(1_000.5),
    state: "backing-off",
    reason: "exited with code 1",
    ownHealth: null,
    healthySince: 8,
    handle: { pid: 7, container: "x" },
    exit: {
      kind: "signaled",
      signal: "SIGKILL",
      reason: "out of memory",
      byMob: true,
      why: "its group restarts it",
      atMs: 5,
    },
    startedAt: 4,
    retryAt: 9,
    pausedAt: 9,
    history: { inARow: 2, restartedAt: [1, 2] },
  },
  placed: { slot: 3, under: 2, obeys: 4 },
};

function overTheWire(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

test("a group comes back as it was stored", () => {
  fc.assert(
    fc.property(validSpec, fc.nat(), (input, generation) => {
      const spec = parseSpec(input);
      const group = { name: spec.name, uid, spec, generation };
      assert.deepEqual(parseGroup(overTheWire(groupToJson(group))), group);
    }),
  );
});

test("a placement and a status come back as they were stored", () => {
  assert.deepEqual(parsePlacement(overTheWire(placement)), placement);
  assert.deepEqual(parseStatus(overTheWire(status)), status);
  const fresh = { ...status, status: newStatus(7) };
  assert.deepEqual(parseStatus(overTheWire(fresh)), fresh);
});

test("a field that a newer version has added is passed over", () => {
  assert.deepEqual(parseRunState({ uid, run: "stopped", by: "someone" }), { uid, run: "stopped" });
});

test("whatever comes from another node, only InvalidSpec comes out", () => {
  const parsers = [
    parseGroup,
    parsePlacement,
    parseRemoved,
    parseRestart,
    parseRunState,
    parseStatus,
    parseToken,
  ];
  const spoilt = fc.oneof(
    fc.jsonValue(),
    fc
      .tuple(fc.constantFrom<object>(placement, status), fc.string(), fc.jsonValue())
      .map(([record, key, value]) => ({ ...record, [key]: value })),
    fc
      .tuple(fc.constantFrom(...Object.keys(placement), ...Object.keys(status)), fc.jsonValue())
      .map(([key, value]) => ({ ...placement, ...status, [key]: value })),
  );
  fc.assert(
    fc.property(spoilt, fc.constantFrom(...parsers), (value, parse) => {
      try {
        parse(value);
      } catch (error) {
        assert.ok(error instanceof InvalidSpec, String(error));
      }
    }),
    { numRuns: 500 },
  );
});

test("every key is parsed back into what it is of", () => {
  const inGroup = asServiceName("stack/sub/web");
  const instance = asInstanceId(uid);
  assert.deepEqual(parseKey(keys.spec(web)), { kind: "spec", group: "web" });
  assert.deepEqual(parseKey(keys.runState(inGroup)), { kind: "run", name: inGroup });
  assert.deepEqual(parseKey(keys.restart(inGroup)), { kind: "restart", name: inGroup });
  assert.deepEqual(parseKey(keys.removed(web, uid)), { kind: "removed", group: "web", uid });
  assert.deepEqual(parseKey(keys.placement(inGroup, 12)), {
    kind: "placement",
    name: inGroup,
    slot: 12,
  });
  assert.deepEqual(parseKey(keys.status(inGroup, instance)), {
    kind: "status",
    group: "stack",
    instance,
  });
});

test("a key of something else is of nothing", () => {
  for (const key of [
    "",
    "spec",
    "spec/",
    "spec/A",
    "node/x",
    "placement/web",
    "placement/web/01",
    "status/web/x",
    "removed/web/",
    "run/a//b",
  ]) {
    assert.equal(parseKey(key), undefined, key);
  }
});

test("epochs are totally ordered: by counter, then by controller", () => {
  const a = { counter: 1, controller: asNodeId("b") };
  const b = { counter: 2, controller: asNodeId("a") };
  const c = { counter: 2, controller: asNodeId("b") };
  assert.deepEqual([c, b, a].sort(compareEpochs), [a, b, c]);
  assert.equal(compareEpochs(a, { ...a }), 0);
});
