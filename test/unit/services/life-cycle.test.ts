import assert from "node:assert/strict";
import { test } from "node:test";
import type { Desired } from "../../../src/services/instance.ts";
import { Driver, db, dbGone, desired, exited, ready, running, started } from "./instance-driver.ts";

test("starts at once when it requires nothing, publishing first", () => {
  const driver = new Driver(desired()).tell(ready);
  assert.deepEqual(
    driver.effects.map(({ kind }) => kind),
    ["publish", "start"],
  );
  assert.equal(driver.phase, "starting");
  driver.tell(started(1));
  assert.equal(driver.phase, "running");
  assert.deepEqual(driver.state.status.handle, { pid: 101 });
});

test("is pending, with the reason, until what it requires is there", () => {
  const driver = new Driver(desired({}, { requires: ["db"] })).tell({
    kind: "dependencies",
    waitingFor: [{ name: db, why: "is not deployed" }],
  });
  assert.equal(driver.phase, "pending");
  assert.equal(driver.state.status.reason, "waits for db (is not deployed)");
  assert.deepEqual(driver.tell(ready).did, ["start"]);
});

test("a first event that says nothing of dependencies does not start it", () => {
  const driver = new Driver(desired({}, { requires: ["db"] })).want({ runStamp: "2" });
  assert.equal(driver.phase, "pending");
  assert.match(driver.state.status.reason ?? "", /db \(is not known yet\)/);
});

test("runs on when what it requires goes away, and restarts after a crash without it", () => {
  const driver = running({ requires: ["db"] }).tell(dbGone);
  assert.equal(driver.phase, "running");
  assert.deepEqual(driver.tell(exited(1, 1)).did, ["start"]);
});

test("waits again for what it requires after the user's stop, and after an update", () => {
  const driver = running({ requires: ["db"] })
    .tell(dbGone)
    .want({ run: "stopped", runStamp: "2" });
  driver.tell({ kind: "stopped", attempt: 1 }).want({ run: "running", runStamp: "3" });
  assert.equal(driver.phase, "pending");
  const { spec } = desired({}, { requires: ["db"], env: { A: 1 } });
  const updated = running({ requires: ["db"] })
    .tell(dbGone)
    .want({ spec, specStamp: "2" });
  assert.equal(updated.tell({ kind: "stopped", attempt: 1 }).phase, "pending");
});

test("waits too when the user's start comes before the stop is complete", () => {
  const driver = running({ requires: ["db"] })
    .tell(dbGone)
    .want({ run: "stopped", runStamp: "2" });
  driver.want({ run: "running", runStamp: "3" }).tell({ kind: "stopped", attempt: 1 });
  assert.equal(driver.phase, "pending");
});

test("what is known of dependencies holds until others are required", () => {
  const driver = new Driver(desired({ run: "stopped" }, { requires: ["db"] })).tell(ready);
  const { spec } = desired({}, { requires: ["db", "cache"] });
  driver.want({ run: "running", runStamp: "2", spec, specStamp: "2" });
  assert.equal(driver.phase, "pending");
  const same = new Driver(desired({ run: "stopped" }, { requires: ["db"] })).tell(ready);
  assert.deepEqual(same.want({ run: "running", runStamp: "2" }).did, ["start"]);
});

test("a user's restart does not wait for what it requires", () => {
  const driver = running({ requires: ["db"] })
    .tell(dbGone)
    .want({ restartStamp: "1" });
  assert.deepEqual(driver.tell({ kind: "stopped", attempt: 1 }).did, ["start"]);
});

test("restarts a crashed task at once, then backs off with a timer", () => {
  const driver = running().tell(exited(1, 7));
  assert.deepEqual(driver.did, ["start"]);
  driver.tell(started(2), exited(2, 7));
  assert.equal(driver.phase, "backing-off");
  assert.deepEqual(driver.effects.at(-1), { kind: "setTimer", timer: "restart", ms: 1_000 });
  assert.equal(driver.state.status.reason, "exited with code 7");
  assert.equal(driver.state.status.restarts, 1);
  driver.nowMs += 1_000;
  assert.deepEqual(driver.tell({ kind: "timer", timer: "restart" }).did, ["start"]);
  assert.equal(driver.state.status.restarts, 2);
});

test("a timer that fires a moment early by the wall clock restarts it all the same", () => {
  const driver = running().tell(exited(1, 7), started(2), exited(2, 7));
  driver.nowMs += 998;
  assert.deepEqual(driver.tell({ kind: "timer", timer: "restart" }).did, ["start"]);
});

test("what a long start is at is told while it starts, and no longer", () => {
  const driver = new Driver(desired()).tell(ready);
  driver.tell({ kind: "progress", attempt: 1, text: "pulling web: 1.0 of 9.0 MB in 2 layers" });
  assert.equal(driver.state.status.reason, "pulling web: 1.0 of 9.0 MB in 2 layers");
  assert.equal(driver.tell(started(1)).state.status.reason, undefined);
  driver.tell({ kind: "progress", attempt: 1, text: "late" });
  assert.equal(driver.state.status.reason, undefined);
});

test("why a task does less than it should is told while it runs, and changes nothing else", () => {
  const driver = running();
  const { since, healthy } = driver.state.status;
  const condition = { kind: "condition", attempt: 1 } as const;
  assert.deepEqual(driver.tell({ ...condition, why: "a brick is away" }).did, []);
  assert.equal(driver.state.status.reason, "a brick is away");
  assert.deepEqual([driver.phase, driver.state.status.since], ["running", since]);
  assert.equal(driver.state.status.healthy, healthy);
  assert.equal(driver.tell(condition).state.status.reason, undefined);
  assert.deepEqual(driver.tell(condition).did, []);
  driver.tell(exited(1, 7), { ...condition, why: "late" });
  assert.notEqual(driver.state.status.reason, "late");
});

test("a start that fails counts as a failure under the policy", () => {
  const driver = new Driver(
    desired({}, { restart: { intensity: { restarts: 1, within: "5m" } } }),
  ).tell(ready, { kind: "start_failed", attempt: 1, error: "no such file" });
  assert.equal(driver.phase, "starting");
  driver.tell({ kind: "start_failed", attempt: 2, error: "no such file" });
  assert.equal(driver.phase, "failed");
  assert.match(driver.state.status.reason ?? "", /could not be started: no such file; gave up/);
});

test("a stop ends in stopped, with the exit that it caused", () => {
  const driver = running({ stop: { signal: "SIGINT", grace: "3s", delay: "5s" } }).want({
    run: "stopped",
  });
  assert.deepEqual(driver.effects.at(-1), {
    kind: "stop",
    attempt: 1,
    reason: "stop",
    signal: "SIGINT",
    graceMs: 3_000,
    delayMs: 5_000,
  });
  driver.tell(exited(1, 143));
  assert.equal(driver.phase, "stopping");
  driver.tell({ kind: "stopped", attempt: 1 });
  assert.equal(driver.phase, "stopped");
  const { exit } = driver.state.status;
  assert.deepEqual(exit, { kind: "exited", code: 143, byMob: true, atMs: 1_000_010 });
  assert.equal(driver.state.status.handle, undefined);
});

test("a stop while the start is under way is carried out, whether the start succeeds or fails", () => {
  for (const outcome of [started(1), { kind: "start_failed", attempt: 1, error: "x" } as const]) {
    const driver = new Driver(desired()).tell(ready).want({ run: "stopped", runStamp: "2" });
    assert.deepEqual(driver.did, ["stop"]);
    driver.tell(outcome, { kind: "stopped", attempt: 1 });
    assert.equal(driver.phase, "stopped");
  }
});

test("a start while it is being stopped comes after the stop", () => {
  const driver = running().want({ run: "stopped", runStamp: "2" });
  driver.want({ run: "running", runStamp: "3" });
  assert.deepEqual(driver.did, []);
  assert.deepEqual(driver.tell({ kind: "stopped", attempt: 1 }).did, ["start"]);
  assert.equal(driver.state.status.attempt, 2);
});

test("a stop while it backs off cancels the restart", () => {
  const driver = running().tell(exited(1, 1), started(2), exited(2, 1)).want({ run: "stopped" });
  assert.deepEqual(driver.did, ["cancelTimer"]);
  assert.equal(driver.phase, "stopped");
  assert.deepEqual(driver.tell({ kind: "timer", timer: "restart" }).did, []);
});

test("a restart that comes late is remembered as of when it came", () => {
  const driver = running().tell(exited(1, 1), started(2), exited(2, 1));
  driver.nowMs += 5_000;
  driver.tell({ kind: "timer", timer: "restart" });
  assert.deepEqual(driver.state.status.history.restartedAt, [driver.nowMs]);
});

test("a start or a restart by the user cuts a back-off short", () => {
  for (const change of [{ runStamp: "2" }, { restartStamp: "2" }]) {
    const driver = running().tell(exited(1, 1), started(2), exited(2, 1)).want(change);
    assert.deepEqual(driver.did, ["cancelTimer", "start"]);
  }
});

test("a user's restart is carried out once, however often it is told", () => {
  const driver = running().want({ restartStamp: "5" });
  assert.deepEqual(driver.did, ["stop"]);
  driver.want({ restartStamp: "5" }).tell({ kind: "stopped", attempt: 1 });
  assert.deepEqual(driver.did, ["start"]);
  driver.tell(started(2)).want({ restartStamp: "5" });
  assert.deepEqual(driver.effects, []);
  assert.equal(driver.state.status.restarts, 0);
});

test("a new instance does not repeat a restart that was asked for before it was", () => {
  const driver = new Driver(desired({ restartStamp: "5" })).tell(ready, started(1));
  assert.equal(driver.phase, "running");
});

test("an update of what the task was started with stops it and starts the new", () => {
  const changes = [{ params: { command: "false" } }, { env: { A: 1 } }, { provider: "docker" }];
  for (const change of changes) {
    const { spec } = desired({}, change);
    const driver = running().want({ spec, specStamp: "2" });
    assert.deepEqual(driver.did, ["stop"]);
    driver.tell({ kind: "stopped", attempt: 1 });
    assert.deepEqual(driver.effects.at(-1), { kind: "start", attempt: 2, spec, ports: {} });
  }
});

test("an update of what the task can live with leaves it running", () => {
  const changes = [
    { restart: "none" },
    { stop: { grace: "1s" } },
    { logs: { files: 1 } },
    { requires: ["db"] },
  ];
  for (const change of changes) {
    const driver = running().want({ spec: desired({}, change).spec, specStamp: "2" });
    assert.deepEqual(driver.did, []);
    assert.equal(driver.phase, "running");
    assert.equal(driver.state.status.specStamp, "2");
  }
});

test("a failed service is tried again after a start, a restart or a deploy, with a clean record", () => {
  const once = { restart: { intensity: { restarts: 0, within: "1m" } } };
  const changes: Partial<Desired>[] = [
    { runStamp: "2" },
    { restartStamp: "2" },
    { spec: desired({}, { restart: "always" }).spec, specStamp: "2" },
  ];
  for (const change of changes) {
    const driver = running(once).tell(exited(1, 1));
    assert.equal(driver.phase, "failed");
    assert.deepEqual(driver.want(change).did, ["start"]);
    assert.deepEqual(driver.state.status.history, { inARow: 0, restartedAt: [] });
  }
});

test("a job that ended well is done, and runs again only when asked or changed", () => {
  const driver = running({ restart: "none" }).tell(exited(1, 0));
  assert.equal(driver.phase, "done");
  const { spec } = desired({}, { restart: "none", logs: { files: 2 } });
  assert.deepEqual(driver.want({ spec, specStamp: "2" }).did, []);
  assert.deepEqual(driver.want({ restartStamp: "2" }).did, ["start"]);
});

test("a removal stops what runs, then removes, and nothing is done after it", () => {
  const driver = running().want({ removed: true });
  assert.deepEqual(driver.did, ["stop"]);
  assert.deepEqual(driver.tell({ kind: "stopped", attempt: 1 }).did, ["remove"]);
  assert.deepEqual(driver.want({ removed: false, runStamp: "9" }).effects, []);
});

test("a removal of what does not run removes at once", () => {
  assert.deepEqual(new Driver(desired({ removed: true })).tell(ready).did, ["remove"]);
});

test("what an earlier task tells changes nothing", () => {
  const driver = running().tell(exited(1, 1), started(2));
  for (const late of [exited(1, 1), started(1), { kind: "stopped", attempt: 1 } as const]) {
    assert.deepEqual(driver.tell(late).effects, []);
  }
});

test("an exit that is told twice counts once", () => {
  const driver = running().tell(exited(1, 1), started(2), exited(2, 1));
  const { status } = driver.state;
  assert.deepEqual(driver.tell(exited(2, 1)).effects, []);
  assert.equal(driver.state.status, status);
});
