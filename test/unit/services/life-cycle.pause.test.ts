import assert from "node:assert/strict";
import { test } from "node:test";
import type { InstanceEvent } from "../../../src/services/instance.ts";
import { isReady } from "../../../src/services/instance-status.ts";
import { type Driver, exited, running, started } from "./instance-driver.ts";

const health = { tcp: { port: 80 } };
const why = "3 failed health checks in a row, tcp port 80: no answer within 3s";

function paused(isPaused = true, attempt = 1): InstanceEvent {
  return { kind: "paused", attempt, isPaused };
}

function found(healthy: boolean | null): InstanceEvent {
  return { kind: "health", attempt: 1, healthy, ...(healthy !== true && { why }) };
}

function adopted(isPaused: boolean, attempt = 1): InstanceEvent {
  const task = { attempt, handle: { pid: 101 }, startedAt: 1_000_000 };
  return { kind: "adopted", found: { kind: "running", ...task, isPaused } };
}

const readiness = ({ state: { status, desired } }: Driver) => isReady(status, desired.spec);

test("what is paused is told since when, runs for those who require it, and goes on", () => {
  const driver = running({ health }).tell(found(true));
  driver.nowMs += 500;
  driver.tell(paused());
  assert.deepEqual(driver.effects, [{ kind: "publish", status: driver.state.status }]);
  assert.deepEqual(
    [driver.phase, driver.state.status.pausedAt, readiness(driver)],
    ["running", driver.nowMs, true],
  );
  const { status } = driver.state;
  driver.nowMs += 500;
  assert.deepEqual(driver.tell(paused()).effects, [], "since when it is does not change");
  driver.tell(paused(false));
  const { pausedAt: _pausedAt, ...before } = status;
  assert.deepEqual(driver.state.status, before);
});

test("nothing is held against what is paused, in whichever order it is told", () => {
  const driver = running({ health }).tell(found(true), paused(), found(false));
  assert.deepEqual([driver.phase, driver.state.status.healthy], ["running", true]);
  driver.tell(paused(false));
  assert.equal(readiness(driver), true);
  assert.equal(driver.tell(found(false)).phase, "stopping", "and what goes on is judged again");
});

test("the same of one that tells its health itself", () => {
  const own = (healthy: boolean): InstanceEvent => {
    return { kind: "own-health", attempt: 1, health: { healthy, ...(!healthy && { why }) } };
  };
  const driver = running().tell(own(true), paused(), own(false), paused(false));
  assert.deepEqual([driver.phase, readiness(driver)], ["running", true]);
  assert.equal(driver.tell(own(true), own(false)).phase, "stopping");
});

test("a node that comes back finds it paused, since when it was, or since now, or not any more", () => {
  const known = running().tell(paused());
  const since = known.nowMs;
  known.nowMs += 1_000;
  assert.equal(known.crash().tell(adopted(true)).state.status.pausedAt, since);
  assert.equal(known.crash().tell(adopted(false)).state.status.pausedAt, undefined);
  known.nowMs += 1_000;
  assert.equal(known.crash().tell(adopted(true)).state.status.pausedAt, known.nowMs);
  const unseen = running().tell(paused(), exited(1, 1)).crash().tell(adopted(true, 2));
  assert.deepEqual([unseen.phase, unseen.state.status.pausedAt], ["running", unseen.nowMs]);
});

test("a failed check that a node had not acted upon when it crashed is no matter of the pause", () => {
  const driver = running({ health }).tell(found(false)).crash().tell(adopted(true));
  assert.deepEqual([driver.phase, driver.did], ["stopping", ["stop"]]);
});

test("the next task is not paused, however the one before ended", () => {
  const crashed = running().tell(paused(), exited(1, 1));
  assert.deepEqual([crashed.phase, crashed.state.status.pausedAt], ["starting", undefined]);
  crashed.tell(started(2), paused(true, 1));
  assert.deepEqual([crashed.phase, crashed.state.status.pausedAt], ["running", undefined]);
  const wishes = [
    { restartStamp: "2" },
    { run: "stopped", runStamp: "2" },
    { removed: true },
  ] as const;
  for (const wish of wishes) {
    const ended = running().tell(paused()).want(wish);
    assert.deepEqual(
      [ended.phase, ended.did, ended.state.status.pausedAt],
      ["stopping", ["stop"], undefined],
    );
  }
});

test("a stop does not wait for those who might ask: nobody is told of what is paused", () => {
  const stop = { delay: "5s" };
  const delayMs = ({ effects }: Driver) =>
    effects.flatMap((effect) => (effect.kind === "stop" ? [effect.delayMs] : []));
  const want = { run: "stopped", runStamp: "2" } as const;
  assert.deepEqual(delayMs(running({ stop }).want(want)), [5_000]);
  assert.deepEqual(delayMs(running({ stop }).tell(paused()).want(want)), [0]);
});

test("one that was paused before its start was told of is so", () => {
  const begun = { ...started(2), isPaused: true } as InstanceEvent;
  const driver = running().tell(exited(1, 1), begun);
  assert.deepEqual([driver.phase, driver.state.status.pausedAt], ["running", driver.nowMs]);
});
