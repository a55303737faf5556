import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  decide,
  type Ending,
  type Exit,
  endingText,
  jitterShare,
  noRestarts,
  type RestartPolicy,
  restarted,
} from "../../../src/services/restart-policy.ts";

const policy: RestartPolicy = {
  when: "always",
  delayMs: 1_000,
  factor: 2,
  delayMaxMs: 60_000,
  healthyAfterMs: 60_000,
};
const crash = ending({ kind: "exited", code: 1 });

function ending(exit: Exit, by: "task" | "stop" = "task"): Ending {
  return { kind: "exit", exit, by };
}

function outcome(when: RestartPolicy["when"], end: Ending): string {
  return decide({ ...policy, when }, noRestarts, end, 10, 0, 0).kind;
}

function delays(of: RestartPolicy, count: number, ranMs: (i: number) => number): number[] {
  const waits: number[] = [];
  let history = noRestarts;
  for (let i = 0; i < count; i++) {
    const next = decide(of, history, crash, ranMs(i), i, 0);
    assert.ok(next.kind === "restart");
    waits.push(next.delayMs);
    history = next.history;
  }
  return waits;
}

test("restarts at once, then after 1 s, doubling to a minute", () => {
  const expected = [0, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000];
  assert.deepEqual(
    delays(policy, 9, () => 10),
    expected,
  );
});

test("the waits begin anew after exactly 60 s of running, not a moment before", () => {
  assert.deepEqual(
    delays(policy, 4, (i) => (i === 2 ? 60_000 : 0)),
    [0, 1_000, 0, 1_000],
  );
  assert.deepEqual(
    delays(policy, 4, (i) => (i === 2 ? 59_999 : 0)),
    [0, 1_000, 2_000, 4_000],
  );
});

test("a wait stays a number after thousands of restarts, a zero one too", () => {
  const last = delays({ ...policy, delayMs: 0, factor: 100 }, 3_000, () => 0).at(-1);
  assert.equal(last, 0);
  assert.equal(delays({ ...policy, factor: 100 }, 3_000, () => 0).at(-1), 60_000);
});

test("jitter shortens a wait by less than its share, and never makes it longer", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 30 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (inARow, luck) => {
        const history = { inARow, restartedAt: [] };
        const full = decide(policy, history, crash, 0, 0, 0);
        const short = decide(policy, history, crash, 0, 0, luck);
        assert.ok(full.kind === "restart" && short.kind === "restart");
        assert.ok(short.delayMs <= full.delayMs);
        assert.ok(short.delayMs >= full.delayMs * (1 - jitterShare) - 1);
      },
    ),
  );
});

test("always restarts whatever the end", () => {
  assert.equal(outcome("always", ending({ kind: "exited", code: 0 })), "restart");
  assert.equal(outcome("always", ending({ kind: "signaled", signal: "SIGTERM" })), "restart");
  assert.equal(outcome("always", { kind: "not_started", error: "no" }), "restart");
});

test("on_error is done after a zero exit and restarts after any other", () => {
  assert.equal(outcome("on_error", ending({ kind: "exited", code: 0 })), "done");
  assert.equal(outcome("on_error", ending({ kind: "exited", code: 1 })), "restart");
  assert.equal(outcome("on_error", { kind: "not_started", error: "no such file" }), "restart");
});

test("on_error restarts after a signal that Mob did not send, and only then", () => {
  const killed: Exit = { kind: "signaled", signal: "SIGKILL" };
  assert.equal(outcome("on_error", ending(killed, "task")), "restart");
  assert.equal(outcome("on_error", ending(killed, "stop")), "done");
});

test("on_error restarts after a kill for a failed health check", () => {
  const unhealthy = { kind: "unhealthy", why: "tcp port 80: connection refused" } as const;
  assert.equal(outcome("on_error", unhealthy), "restart");
  assert.equal(outcome("none", unhealthy), "failed");
  assert.match(endingText(unhealthy), /unhealthy: tcp port 80: connection refused$/);
});

test("on_error restarts when nothing recorded how the task ended", () => {
  assert.equal(outcome("on_error", ending({ kind: "unknown", reason: "reboot" })), "restart");
});

test("a job is done, failed or lost, and never run again", () => {
  assert.equal(outcome("none", ending({ kind: "exited", code: 0 })), "done");
  assert.equal(outcome("none", ending({ kind: "exited", code: 3 })), "failed");
  assert.equal(outcome("none", ending({ kind: "signaled", signal: "SIGKILL" })), "failed");
  assert.equal(outcome("none", ending({ kind: "unknown", reason: "reboot" })), "lost");
  assert.equal(outcome("none", { kind: "not_started", error: "no" }), "failed");
});

test("gives up with a reason that names the end and the limit", () => {
  const intensity = { restarts: 2, withinMs: 300_000 };
  const history = { inARow: 2, restartedAt: [1, 2] };
  const next = decide({ ...policy, intensity }, history, crash, 0, 3, 0);
  assert.deepEqual(next, {
    kind: "failed",
    reason: "exited with code 1; gave up after 2 restarts within 300 s",
  });
});

test("an intensity of no restarts fails at the first end", () => {
  const intensity = { restarts: 0, withinMs: 1_000 };
  assert.equal(decide({ ...policy, intensity }, noRestarts, crash, 0, 0, 0).kind, "failed");
});

test("a restart counts for `within` and not a millisecond longer", () => {
  const once = { ...policy, intensity: { restarts: 1, withinMs: 1_000 } };
  const history = { inARow: 0, restartedAt: [5_000] };
  assert.equal(decide(once, history, crash, 0, 5_999, 0).kind, "failed");
  assert.equal(decide(once, history, crash, 0, 6_000, 0).kind, "restart");
});

test("the window is that of the moment at which the restart is due, not of the crash", () => {
  const once = { ...policy, delayMs: 600, intensity: { restarts: 1, withinMs: 1_000 } };
  const history = { inARow: 1, restartedAt: [0] };
  const next = decide(once, history, crash, 0, 500, 0);
  assert.ok(next.kind === "restart");
  assert.deepEqual(next.history.restartedAt, [1_100]);
});

test("a clock that is set back does not hold old restarts against a service for ever", () => {
  const once = { ...policy, intensity: { restarts: 1, withinMs: 1_000 } };
  const first = decide(once, { inARow: 0, restartedAt: [9_000_000] }, crash, 0, 100, 0);
  assert.equal(first.kind, "failed");
  const twice = { ...policy, intensity: { restarts: 2, withinMs: 1_000 } };
  const next = decide(twice, { inARow: 0, restartedAt: [9_000_000] }, crash, 0, 100, 0);
  assert.ok(next.kind === "restart");
  assert.deepEqual(next.history.restartedAt, [100, 100]);
});

test("a restart that comes late counts from when it came", () => {
  const history = { inARow: 2, restartedAt: [1_000, 5_000] };
  assert.deepEqual(restarted(history, 7_000), { inARow: 2, restartedAt: [1_000, 7_000] });
});

test("the history stays as short as the intensity needs it", () => {
  let history = noRestarts;
  for (let at = 0; at < 10_000; at += 100) {
    const next = decide(policy, history, crash, 0, at, 0);
    assert.ok(next.kind === "restart");
    history = next.history;
  }
  assert.equal(history.restartedAt.length, 1);
});

test("never restarts more often than the intensity allows, however late the restarts come", () => {
  const intensity = { restarts: 3, withinMs: 1_000 };
  const run = fc.record({ ranMs: fc.nat(400), lateMs: fc.nat(300), luck: fc.constantFrom(0, 0.9) });
  fc.assert(
    fc.property(fc.array(run, { maxLength: 200 }), fc.constantFrom(0, 50, 400), (runs, delayMs) => {
      const some = { ...policy, delayMs, healthyAfterMs: 300, intensity };
      let history = noRestarts;
      let nowMs = 0;
      const restarts: number[] = [];
      for (const { ranMs, lateMs, luck } of runs) {
        nowMs += ranMs;
        const next = decide(some, history, crash, ranMs, nowMs, luck);
        if (next.kind !== "restart") break;
        nowMs += next.delayMs + lateMs;
        history = restarted(next.history, nowMs);
        restarts.push(nowMs);
        const inWindow = restarts.filter((at) => nowMs - at < intensity.withinMs);
        assert.ok(inWindow.length <= intensity.restarts);
      }
    }),
  );
});
