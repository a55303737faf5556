import assert from "node:assert/strict";
import { test } from "node:test";
import type { InstanceEvent } from "../../../src/services/instance.ts";
import { isReady } from "../../../src/services/instance-status.ts";
import { type Driver, desired, exited, running, started } from "./instance-driver.ts";

const health = { tcp: { port: 80 } };
const why = "3 failed health checks in a row, tcp port 80: connection refused";

function found(healthy: boolean | null, attempt = 1): InstanceEvent {
  return { kind: "health", attempt, healthy, ...(healthy !== true && { why }) };
}

/** Found unhealthy, and ended by its stop. */
function endedAsUnhealthy(driver: Driver, attempt = 1): Driver {
  return driver.tell(found(false, attempt), exited(attempt, 0, driver.nowMs), {
    kind: "stopped",
    attempt,
  });
}

test("what is running is healthy only once a check says so, and not in its next life", () => {
  const driver = running({ health });
  assert.equal(driver.state.status.healthy, null);
  driver.tell(found(null));
  assert.deepEqual([driver.phase, driver.state.status.reason], ["running", why]);
  driver.tell(found(true));
  assert.deepEqual(
    [driver.phase, driver.state.status.healthy, driver.state.status.reason],
    ["running", true, undefined],
  );
  driver.tell(exited(1, 1), started(2));
  assert.deepEqual([driver.phase, driver.state.status.healthy], ["running", null]);
});

test("an unhealthy task is stopped with its signal and grace, and says which check failed", () => {
  const driver = running({ health, stop: { signal: "SIGINT", grace: "2s", delay: "5s" } }).tell(
    found(false),
  );
  assert.deepEqual(driver.effects.slice(1), [
    { kind: "stop", attempt: 1, reason: "unhealthy", signal: "SIGINT", graceMs: 2_000, delayMs: 0 },
  ]);
  assert.deepEqual(
    [driver.phase, driver.state.status.healthy, driver.state.status.reason],
    ["stopping", false, why],
  );
});

test("it is restarted by its policy, as a failure, whatever its exit code", () => {
  const driver = endedAsUnhealthy(running({ health, restart: "on_error" }));
  assert.deepEqual([driver.phase, driver.state.status.restarts], ["starting", 1]);
  driver.tell(started(2));
  endedAsUnhealthy(driver, 2);
  assert.equal(driver.phase, "backing-off");
  assert.equal(driver.state.status.reason, `ended as unhealthy: ${why}`);
});

test("that its checks failed is kept with its end, into its next life", () => {
  const driver = endedAsUnhealthy(running({ health })).tell(started(2), found(true, 2));
  const { exit } = driver.state.status;
  assert.deepEqual(exit, { kind: "exited", code: 0, byMob: true, why, atMs: 1_000_000 });
  driver.want({ restartStamp: "2" }).tell(exited(2, 0), { kind: "stopped", attempt: 2 });
  assert.equal(driver.state.status.exit?.why, undefined);
});

test("a job that is found unhealthy has failed", () => {
  const driver = endedAsUnhealthy(running({ health, restart: "none" }));
  assert.deepEqual(
    [driver.phase, driver.state.status.reason],
    ["failed", `ended as unhealthy: ${why}`],
  );
});

test("a restart for its health does not wait for what it requires", () => {
  const driver = running({ health, requires: ["db"] });
  driver.tell({ kind: "dependencies", waitingFor: [] });
  assert.equal(endedAsUnhealthy(driver).phase, "starting");
});

test("one that is never healthy is restarted later and later, however long each took to find out", () => {
  const driver = running({ health });
  driver.nowMs += 100_000;
  endedAsUnhealthy(driver).tell(started(2));
  driver.nowMs += 100_000;
  endedAsUnhealthy(driver, 2);
  assert.equal(driver.phase, "backing-off");
});

test("one that was healthy for a minute has a clean record", () => {
  const driver = endedAsUnhealthy(running({ health })).tell(started(2), found(true, 2));
  driver.nowMs += 60_000;
  assert.equal(endedAsUnhealthy(driver, 2).phase, "starting");
});

test("what a user wants meanwhile goes before the restart", () => {
  const stopped = running({ health }).tell(found(false)).want({ run: "stopped", runStamp: "2" });
  assert.equal(stopped.tell({ kind: "stopped", attempt: 1 }).phase, "stopped");
  const removed = running({ health }).tell(found(false)).want({ removed: true });
  assert.deepEqual(removed.tell({ kind: "stopped", attempt: 1 }).did, ["remove"]);
});

test("what is told of an earlier task changes nothing", () => {
  const driver = running({ health }).tell(exited(1, 1), started(2));
  assert.deepEqual(driver.tell(found(false, 1)).effects, []);
});

test("a node that crashed while it ended an unhealthy task ends it when it is back", () => {
  const driver = running({ health }).tell(found(false)).crash();
  const handle = { pid: 101 };
  driver.tell({
    kind: "adopted",
    found: { kind: "running", attempt: 1, handle, startedAt: 1_000_000 },
  });
  assert.deepEqual([driver.phase, driver.did], ["stopping", ["stop"]]);
  const gone = running({ health }).tell(found(false)).crash();
  gone.tell({ kind: "adopted", found: { kind: "nothing" } });
  assert.deepEqual([gone.phase, gone.state.status.restarts], ["starting", 1]);
  assert.equal(gone.state.status.exit?.why, why);
});

/** As the first thing that is told of the task, or a change of it. */
function own(healthy: boolean | null, attempt = 1): InstanceEvent {
  return { kind: "own-health", attempt, health: { healthy, ...(healthy === false && { why }) } };
}

function startedWithOwn(spec: object = {}): Driver {
  const handle = { pid: 102 };
  const begun = { kind: "started", attempt: 2, handle, startedAt: 1_000_000 } as const;
  return running(spec).tell(exited(1, 1), { ...begun, health: { healthy: null } });
}

const readiness = ({ state: { status, desired } }: Driver) => isReady(status, desired.spec);

test("a task that tells its health itself is ready from when it is healthy, and not as it runs", () => {
  const driver = startedWithOwn();
  assert.deepEqual([driver.phase, readiness(driver)], ["running", false]);
  driver.tell(own(true, 2));
  assert.deepEqual([driver.state.status.healthy, readiness(driver)], [true, true]);
  driver.tell(exited(2, 1), { kind: "timer", timer: "restart" }, started(3));
  assert.equal(
    readiness(driver),
    true,
    "the next, which tells nothing, is as one that no one checks",
  );
});

test("one that tells that it is unhealthy is ended, and restarted by its policy", () => {
  const driver = startedWithOwn({ restart: "on_error" }).tell(own(true, 2), own(false, 2));
  assert.deepEqual([driver.phase, driver.did], ["stopping", ["stop"]]);
  driver.tell(exited(2, 0), { kind: "stopped", attempt: 2 });
  assert.equal(driver.state.status.reason, `ended as unhealthy: ${why}`);
});

test("what tells that it starts once it was healthy is healthy until it tells otherwise", () => {
  const driver = startedWithOwn().tell(own(true, 2), own(null, 2));
  assert.equal(readiness(driver), true);
  driver.crash().tell({
    kind: "adopted",
    found: { kind: "running", attempt: 2, handle: {}, startedAt: 1, health: { healthy: null } },
  });
  assert.equal(readiness(driver), true);
  assert.equal(driver.tell(own(false, 2)).phase, "stopping");
});

test("what became of its health while the node was away counts when it is back", () => {
  const handle = { pid: 102 };
  const found = { kind: "running", attempt: 2, handle, startedAt: 1 } as const;
  const back = (healthy: boolean) =>
    startedWithOwn()
      .crash()
      .tell({ kind: "adopted", found: { ...found, health: { healthy, why } } });
  assert.equal(readiness(back(true)), true);
  assert.equal(back(false).phase, "stopping");
});

test("a check of the spec goes before what the task tells, which counts once there is none", () => {
  const driver = startedWithOwn({ health }).tell(own(false, 2));
  assert.deepEqual([driver.phase, driver.state.status.healthy], ["running", null]);
  driver.tell(own(true, 2), { kind: "health", attempt: 2, healthy: null, why });
  assert.equal(readiness(driver), false);
  driver.want(desired({ specStamp: "2" }));
  assert.deepEqual([driver.phase, readiness(driver)], ["running", true]);
});

test("one that is never healthy by its own word is restarted later and later too", () => {
  const driver = startedWithOwn();
  driver.nowMs += 100_000;
  driver.tell(own(false, 2), exited(2, 0, driver.nowMs), { kind: "stopped", attempt: 2 });
  assert.equal(driver.phase, "backing-off");
});
