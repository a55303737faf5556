import assert from "node:assert/strict";
import { test } from "node:test";
import { Driver, desired, exited, ready, running, started } from "./instance-driver.ts";

test("nothing is done before the engine has told what is left", () => {
  const driver = running().crash();
  assert.deepEqual(driver.want({ run: "stopped", runStamp: "2" }).effects, []);
  driver.tell({ kind: "adopted", found: { kind: "nothing" } });
  assert.equal(driver.phase, "stopped");
});

test("an earlier task that is found ended says nothing of the one that ran", () => {
  const driver = running().tell(exited(1, 1), started(2)).crash();
  const exit = { kind: "exited", code: 1 } as const;
  driver.tell({ kind: "adopted", found: { kind: "gone", attempt: 1, exit, atMs: 5 } });
  assert.equal(driver.state.status.exit?.kind, "unknown");
});

test("a task that runs on while the node was down is adopted without a restart", () => {
  const driver = running().crash();
  assert.deepEqual(driver.tell(ready).effects, [], "nothing happens before the adoption");
  driver.tell({
    kind: "adopted",
    found: { kind: "running", attempt: 1, handle: { pid: 101 }, startedAt: 1_000_000 },
  });
  assert.deepEqual(driver.effects, []);
  assert.equal(driver.phase, "running");
});

test("what was said of an engine that did not tell is over once it has", () => {
  const driver = running();
  const { state } = driver;
  const reason = "its engine does not tell how it is: nobody answers";
  driver.state = { ...state, status: { ...state.status, reason } };
  driver.crash().tell({
    kind: "adopted",
    found: { kind: "running", attempt: 1, handle: { pid: 101 }, startedAt: 1_000_000 },
  });
  assert.equal(driver.phase, "running");
  assert.equal(driver.state.status.reason, undefined);
});

test("an exit while the node was down is known, and the policy acts on it", () => {
  const driver = running().crash();
  driver.nowMs += 3_600_000;
  driver.tell({
    kind: "adopted",
    found: { kind: "gone", attempt: 1, exit: { kind: "exited", code: 7 }, atMs: 1_000_500 },
  });
  assert.deepEqual(driver.did, ["start"]);
  const { exit } = driver.state.status;
  assert.deepEqual(exit, { kind: "exited", code: 7, byMob: false, atMs: 1_000_500 });
  assert.equal(driver.state.status.restarts, 1);
});

test("a job whose exit no one recorded is lost, and not run again", () => {
  const driver = running({ restart: "none" }).crash();
  driver.tell({ kind: "adopted", found: { kind: "nothing" } });
  assert.equal(driver.phase, "lost");
});

test("a back-off goes on after the node's crash for what is left of it", () => {
  const driver = running().tell(exited(1, 1), started(2), exited(2, 1)).crash();
  driver.nowMs += 400;
  driver.tell({ kind: "adopted", found: { kind: "nothing" } });
  assert.deepEqual(driver.effects, [{ kind: "setTimer", timer: "restart", ms: 600 }]);
});

test("a start that never reached the engine is made anew, as no one's failure", () => {
  const driver = new Driver(desired()).tell(ready).crash();
  driver.tell({ kind: "adopted", found: { kind: "nothing" } });
  assert.deepEqual(driver.did, ["start"]);
  assert.equal(driver.state.status.attempt, 2);
  assert.equal(driver.state.status.restarts, 0);
});

test("a stop that the node's crash cut short is carried out", () => {
  const driver = running().want({ run: "stopped" }).crash();
  driver.tell({
    kind: "adopted",
    found: { kind: "running", attempt: 1, handle: { pid: 101 }, startedAt: 1_000_000 },
  });
  assert.deepEqual(driver.did, ["stop"]);
});

test("an exit of what was being stopped when the node crashed is not held against it", () => {
  const driver = running().want({ run: "stopped" }).crash();
  driver.tell({
    kind: "adopted",
    found: { kind: "gone", attempt: 1, exit: { kind: "signaled", signal: "SIGTERM" }, atMs: 5 },
  });
  assert.equal(driver.phase, "stopped");
  assert.equal(driver.state.status.exit?.byMob, true);
});
