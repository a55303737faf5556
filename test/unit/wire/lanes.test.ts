import assert from "node:assert/strict";
import { test } from "node:test";
import { asNodeId } from "../../../src/core/ids.ts";
import { frameBytesMax } from "../../../src/core/limits.ts";
import { passageOf, queueBytesMax } from "../../../src/wire/lanes.ts";
import { declarations } from "../../../src/wire/messages.ts";

const error = { code: "x", message: "", details: [] };
const target = { node: asNodeId("a"), name: "x" };
const call = passageOf({ kind: "call", id: 1, timeoutMs: 1, target, method: "m", payload: 1 });
const delta = passageOf({ kind: "store-delta", shard: 0, registers: [], durable: true });
const reply = passageOf({ kind: "reply", id: 1, ok: true, payload: 1 });
const failure = passageOf({ kind: "reply", id: 1, ok: false, error });
const down = passageOf({ kind: "down", id: 1, reason: { kind: "normal" } });

test("membership has a lane of its own; the store gives way to calls, those to replies, those to ends", () => {
  const lanes = new Map<number, string>();
  for (const { kind, number } of declarations) {
    if (kind !== "reply") lanes.set(number, passageOf({ kind } as never).lane);
  }
  const control = [...lanes].filter(([, lane]) => lane === "control").map(([number]) => number);
  assert.ok(control.every((number) => number < 20 || number >= 40));
  const order = [delta, call, reply, failure].map(({ reservedBytes }) => reservedBytes);
  assert.deepEqual(
    order,
    [...order].sort((a, b) => b - a),
  );
  assert.equal(new Set(order).size, order.length);
});

test("what someone waits for must not be shed, and every kind has room for a frame of the largest size", () => {
  assert.deepEqual([failure.mayBeShed, down.mayBeShed], [false, false]);
  for (const { reservedBytes } of [delta, call, reply, failure, down]) {
    assert.ok(queueBytesMax - reservedBytes > frameBytesMax);
  }
});
