import assert from "node:assert/strict";
import { test } from "node:test";
import { Steadiness } from "../../../src/actors/steadiness.ts";
import { asInstanceId, asNodeId, asServiceName } from "../../../src/core/ids.ts";
import type { PlacementRecord } from "../../../src/services/records.ts";

const self = asNodeId("a".repeat(32));

function placed(instance: number, cause?: "lost" | "rebalance"): PlacementRecord {
  return {
    service: asServiceName("web"),
    slot: 0,
    instance: asInstanceId(String(instance).repeat(16)),
    node: self,
    refusals: [],
    epoch: { counter: 1, controller: self },
    uid: "0011223344556677",
    specStamp: "1",
    ...(cause && { cause }),
  };
}

const web = (wish: string, ...records: PlacementRecord[]) => [
  { name: "web", wish, placed: records },
];

test("a change of the nodes, of what is wanted, and of what is placed begins the count anew", () => {
  const steadiness = new Steadiness();
  steadiness.note("n1", web("w1", placed(1)), 10);
  steadiness.note("n1", web("w1", placed(1)), 20);
  assert.equal(steadiness.sinceMs("web"), 10);
  steadiness.note("n2", web("w1", placed(1)), 30);
  assert.equal(steadiness.sinceMs("web"), 30);
  steadiness.note("n2", web("w2", placed(1)), 40);
  assert.equal(steadiness.sinceMs("web"), 40);
  steadiness.note("n2", web("w2", placed(2, "lost")), 50);
  assert.equal(steadiness.sinceMs("web"), 50);
  steadiness.note("n2", web("w2"), 60);
  assert.equal(steadiness.sinceMs("web"), 60);
  assert.equal(steadiness.moved, undefined);
});

test("a move is none, and is told", () => {
  const steadiness = new Steadiness();
  steadiness.note("n1", web("w1", placed(1)), 10);
  steadiness.note("n1", web("w1", placed(2, "rebalance")), 20);
  assert.equal(steadiness.sinceMs("web"), 10);
  assert.deepEqual(steadiness.moved, { instance: placed(2).instance, atMs: 20 });
});

test("another move begins anew to be the best, and so does one that was it before another", () => {
  const steadiness = new Steadiness();
  const looks = [
    ["web/0 to a", 10],
    ["web/0 to a", 40],
    ["web/1 to a", 50],
    ["web/0 to a", 60],
  ] as const;
  const forMs = looks.map(([move, nowMs]) => steadiness.bestForMs(move, nowMs));
  assert.deepEqual(forMs, [0, 30, 0, 0]);
});
