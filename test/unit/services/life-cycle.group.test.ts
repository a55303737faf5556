/** An instance of a group, in step with the others. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { InGroup, InstanceEvent } from "../../../src/services/instance.ts";
import { Driver, db, desired, exited, started } from "./instance-driver.ts";

const alone: InGroup = { before: [db], restartedBy: "group", life: 0 };

/** What the others are at, as it is told after each wish. */
function told(more: { readonly mayEnd?: boolean; readonly waits?: boolean } = {}): InstanceEvent {
  const waitingFor = more.waits === true ? [{ name: db, why: "is yet to end" }] : [];
  return { kind: "dependencies", waitingFor, mayEnd: more.mayEnd ?? true };
}

function want(driver: Driver, inGroup: Partial<InGroup>): Driver {
  return driver.want({ inGroup: { ...alone, ...inGroup } });
}

function running(inGroup: Partial<InGroup> = {}, spec: object = {}): Driver {
  const wish = desired({ inGroup: { ...alone, ...inGroup } }, spec);
  return new Driver(wish).tell(told(), started(1));
}

test("nothing is started, and nothing ended, before it is told what the others are at", () => {
  const driver = new Driver(desired({ inGroup: alone }));
  assert.deepEqual(want(driver, {}).effects, []);
  assert.deepEqual(driver.tell(told()).did, ["start"]);
  driver.tell(started(1));
  assert.deepEqual(want(driver, { life: 1 }).effects, []);
  assert.deepEqual(driver.tell(told({ mayEnd: false })).did, []);
  assert.deepEqual(driver.tell(told()).did, ["stop"]);
});

test("in another life it is ended, waits for its turn, and is started in that one, once", () => {
  const driver = want(running(), { life: 2 }).tell(told(), told({ waits: true }));
  assert.equal(driver.phase, "stopping");
  driver.tell({ kind: "stopped", attempt: 1 });
  assert.equal(driver.phase, "pending");
  assert.equal(driver.state.status.reason, "waits for db (is yet to end)");
  assert.deepEqual(driver.tell(told()).did, ["start"]);
  driver.tell(started(2));
  assert.equal(driver.state.status.life, 2);
  assert.equal(driver.state.status.restarts, 0, "it did not end by itself");
  assert.deepEqual(want(driver, { life: 2 }).tell(told()).did, []);
});

test("what has ended waits for its group's word, without a timer, and its own delay too", () => {
  const driver = running().tell(exited(1, 7));
  assert.deepEqual([driver.phase, driver.did], ["backing-off", []]);
  assert.match(driver.state.status.reason ?? "", /exited with code 7/);
  assert.deepEqual(driver.tell({ kind: "timer", timer: "restart" }).did, []);
  want(driver, { life: 1 }).tell(told({ waits: true }));
  assert.equal(driver.phase, "pending");
  assert.equal(driver.state.status.restarts, 1);
  assert.deepEqual(driver.tell(told()).did, ["start"]);
  // The second in a row comes after a second, whenever the word comes.
  driver.tell(started(2), exited(2, 7));
  assert.deepEqual(driver.did, ["setTimer"]);
  assert.deepEqual(want(driver, { life: 2 }).tell(told()).did, []);
  driver.nowMs += 1_000;
  assert.ok(driver.tell({ kind: "timer", timer: "restart" }).did.includes("start"));
  assert.deepEqual(driver.state.status.life, 2);
});

test("its own waits and limit hold over restarts that others are the reason of", () => {
  const driver = running().tell(exited(1, 7));
  want(driver, { life: 1 }).tell(told(), started(2));
  const { history } = driver.state.status;
  want(driver, { life: 2 }).tell(told(), { kind: "stopped", attempt: 2 }, started(3));
  assert.equal(driver.phase, "running");
  assert.deepEqual(driver.state.status.history, history);
});

test("where its node restarts it, it asks no one, and obeys another life all the same", () => {
  const driver = running({ restartedBy: "node" }).tell(exited(1, 7));
  assert.deepEqual(driver.did, ["start"]);
  driver.tell(started(2));
  assert.deepEqual(want(driver, { restartedBy: "node", life: 1 }).tell(told()).did, ["stop"]);
});

test("what was done, or had given up, is started in another life", () => {
  const done = running({}, { restart: "on_error" }).tell(exited(1, 0));
  assert.equal(done.phase, "done");
  assert.deepEqual(want(done, { life: 1 }).tell(told()).did, ["start"]);
  const intensity = { restarts: 0, within: "1m" };
  const failed = running({}, { restart: { intensity } }).tell(exited(1, 1));
  assert.equal(failed.phase, "failed");
  assert.deepEqual(want(failed, { life: 1 }).tell(told()).did, ["start"]);
  assert.deepEqual(failed.state.status.history.restartedAt, []);
});

test("when its group fails it is ended, says why, and runs again once a user wants it", () => {
  const driver = want(running(), { failure: "shop gave up" }).tell(told({ mayEnd: false }));
  assert.equal(driver.phase, "running", "those after it first");
  assert.deepEqual(driver.tell(told()).did, ["stop"]);
  driver.tell({ kind: "stopped", attempt: 1 });
  assert.deepEqual([driver.phase, driver.state.status.reason], ["failed", "shop gave up"]);
  driver.want({ inGroup: alone, runStamp: "2" }).tell(told({ waits: true }));
  assert.equal(driver.phase, "pending", "in its turn");
  assert.deepEqual(driver.tell(told()).did, ["start"]);
});

test("a stop waits for those after it, and a removal for no one", () => {
  const stopped = running()
    .want({ run: "stopped" })
    .tell(told({ mayEnd: false }));
  assert.deepEqual(stopped.did, []);
  assert.deepEqual(stopped.tell(told()).did, ["stop"]);
  const removed = running()
    .want({ removed: true })
    .tell(told({ mayEnd: false }));
  assert.deepEqual(removed.did, ["stop"]);
});

test("a restart by a user is a restart in step with the others", () => {
  const driver = running()
    .want({ restartStamp: "5" })
    .tell(told({ mayEnd: false }));
  assert.deepEqual(driver.did, []);
  driver.tell(told(), told({ waits: true }), { kind: "stopped", attempt: 1 });
  assert.equal(driver.phase, "pending");
  assert.deepEqual(driver.tell(told()).did, ["start"]);
  driver.tell(started(2)).want({ restartStamp: "5" });
  assert.deepEqual(driver.tell(told()).did, []);
});

test("a node that is back knows the life that its task was started in", () => {
  const driver = want(running(), { life: 1 }).tell(told(), { kind: "stopped", attempt: 1 });
  driver.tell(started(2)).crash();
  const found = { kind: "running", attempt: 2, handle: { pid: 102 }, startedAt: 1 } as const;
  driver.tell({ kind: "adopted", found });
  assert.equal(driver.phase, "running");
  assert.deepEqual(want(driver, { life: 1 }).tell(told()).did, []);
});

test("of a start that a crash left unseen it is known that what had ended was started into its next life", () => {
  const found = { kind: "running", attempt: 2, handle: { pid: 102 }, startedAt: 1 } as const;
  const ended = running().tell(exited(1, 7));
  const waiting = want(running().tell(exited(1, 7)), { life: 1 }).tell(told({ waits: true }));
  for (const driver of [ended, waiting]) {
    driver.crash().tell({ kind: "adopted", found });
    assert.equal(driver.phase, "running");
    assert.deepEqual(want(driver, { life: 1 }).tell(told()).did, []);
    assert.deepEqual(want(driver, { life: 2 }).tell(told()).did, ["stop"]);
  }
  // What Mob ended may have been started anew in the same life, for what it requires.
  const stopped = want(running(), { life: 1 }).tell(told(), told({ waits: true }));
  stopped.tell({ kind: "stopped", attempt: 1 }).crash().tell({ kind: "adopted", found });
  assert.deepEqual(want(stopped, { life: 1 }).tell(told()).did, ["stop"]);
});
