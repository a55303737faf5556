import assert from "node:assert/strict";
import { test } from "node:test";
import { exitView } from "../../../src/interface/instance-shape.ts";

test("an end is told with its reason, and whether Mob made it", () => {
  const signaled = { kind: "signaled", signal: "SIGKILL", atMs: 5 } as const;
  assert.deepEqual(exitView({ ...signaled, reason: "out of memory", byMob: false }), {
    signal: "SIGKILL",
    reason: "out of memory",
  });
  const why = "3 failed health checks in a row, tcp port 80: no answer within 1s";
  assert.deepEqual(exitView({ ...signaled, byMob: true, why }), {
    signal: "SIGKILL",
    reason: why,
    byMob: true,
  });
  assert.deepEqual(exitView({ kind: "exited", code: 0, byMob: true, atMs: 5 }), {
    code: 0,
    byMob: true,
  });
});

test("of an end that nobody saw, why it is unknown is told; not where a user wished it", () => {
  const unknown = { kind: "unknown", reason: "the machine restarted", atMs: 5 } as const;
  assert.deepEqual(exitView({ ...unknown, byMob: false }), { reason: "the machine restarted" });
  assert.deepEqual(exitView({ ...unknown, byMob: true }), { byMob: true });
});
