import assert from "node:assert/strict";
import { test } from "node:test";
import { asServiceName } from "../../../src/core/ids.ts";
import type { InstanceEvent } from "../../../src/services/instance.ts";
import { parseSpec, specToJson } from "../../../src/services/spec.ts";
import {
  type OnDependencyDown,
  type Standing,
  type StandingInstance,
  standingOf,
  startedWith,
  whyNotRunOn,
} from "../../../src/services/standing.ts";
import { Driver, desired, exited, started } from "./instance-driver.ts";

const db = asServiceName("db");
const up = (incarnation: string): StandingInstance => ({
  phase: "running",
  isUp: true,
  incarnation,
});
const at = (phase: StandingInstance["phase"]): StandingInstance => ({
  phase,
  isUp: false,
  incarnation: "x",
});

/** What the worker tells of db: up as that incarnation, down for that reason, or neither. */
function told(of: Partial<Standing>): InstanceEvent {
  const standing: Standing = { name: db, up: [], ...of };
  const waitingFor = standing.up.length > 0 ? [] : [{ name: db, why: of.down ?? "is starting" }];
  return { kind: "dependencies", waitingFor, standing: [standing] };
}

function runningWith(policy: OnDependencyDown): Driver {
  const spec = { requires: ["db"], on_dependency_down: policy };
  return new Driver(desired({}, spec)).tell(told({ up: ["a/1"] }), started(1));
}

test("a service is down for good once none of its instances comes up by itself", () => {
  for (const phase of ["pending", "stopped", "failed", "lost"] as const) {
    assert.equal(standingOf(db, [at(phase)]).down, `is ${phase}`);
    assert.equal(standingOf(db, [at(phase), at("starting")]).down, undefined);
  }
  for (const phase of ["starting", "running", "stopping", "backing-off", "done"] as const) {
    assert.equal(standingOf(db, [at(phase)]).down, undefined, phase);
  }
  assert.equal(standingOf(db, [at(undefined)]).down, undefined);
  assert.equal(standingOf(db, []).down, undefined);
  assert.equal(standingOf(db, undefined).down, "is not deployed");
});

test("what was up at the start is remembered, and what was not keeps what was remembered before", () => {
  const standing = [standingOf(db, [up("a/2"), at("starting")])];
  assert.deepEqual(startedWith(standing, { db: ["a/1"] }), { db: ["a/2"] });
  assert.deepEqual(startedWith([standingOf(db, [at("starting")])], { db: ["a/1"] }), {
    db: ["a/1"],
  });
  assert.equal(startedWith([standingOf(db, [at("starting")])], undefined), undefined);
});

test("of several instances one that was there at the start is enough", () => {
  const why = (...instances: StandingInstance[]) =>
    whyNotRunOn("restart", [standingOf(db, instances)], { db: ["a/1", "b/1"] });
  assert.equal(why(up("a/2"), up("b/1")), undefined);
  assert.equal(why(up("a/2"), at("starting")), "db was restarted");
  assert.equal(why(at("starting"), at("starting")), undefined);
});

test("on_dependency_down is one of three, and restart unless it is said", () => {
  const least = { name: "web", provider: "bash" };
  assert.equal(parseSpec(least).onDependencyDown, "restart");
  assert.equal(specToJson(parseSpec(least))["on_dependency_down"], "restart");
  assert.throws(() => parseSpec({ ...least, on_dependency_down: "stopp" }));
});

test("restart: it is restarted once the other has another incarnation that runs, and not before", () => {
  const driver = runningWith("restart");
  assert.deepEqual(driver.state.status.startedWith, { db: ["a/1"] });
  assert.deepEqual(driver.tell(told({})).did, []);
  assert.deepEqual(driver.tell(told({ up: ["a/2"] })).did, ["stop"]);
  assert.equal(driver.state.status.reason, "db was restarted");
  driver.tell({ kind: "stopped", attempt: 1 });
  assert.deepEqual([driver.phase, driver.did], ["starting", ["start"]]);
  assert.deepEqual(driver.state.status.startedWith, { db: ["a/2"] });
  driver.tell(started(2));
  assert.deepEqual(driver.tell(told({ up: ["a/2"] })).did, []);
});

test("restart and stop: what is down takes it along, and brings it back", () => {
  for (const policy of ["restart", "stop"] as const) {
    const driver = runningWith(policy);
    assert.deepEqual(driver.tell(told({ down: "is failed" })).did, ["stop"]);
    assert.equal(driver.state.status.reason, "db is failed");
    driver.tell({ kind: "stopped", attempt: 1 });
    assert.deepEqual(
      [driver.phase, driver.state.status.reason],
      ["pending", "waits for db (is failed)"],
    );
    assert.deepEqual(driver.tell(told({ up: ["a/2"] })).did, ["start"]);
  }
});

test("stop and ignore: another incarnation is nothing; ignore: nor is one that is down", () => {
  for (const policy of ["stop", "ignore"] as const) {
    assert.deepEqual(runningWith(policy).tell(told({ up: ["a/2"] })).did, []);
  }
  assert.deepEqual(runningWith("ignore").tell(told({ down: "is stopped" })).did, []);
});

test("one that waits for its next start does not start while the other is down", () => {
  const driver = runningWith("restart").tell(exited(1, 1), started(2), exited(2, 1));
  assert.equal(driver.phase, "backing-off");
  driver.tell(told({ down: "is stopped" }));
  assert.deepEqual(
    [driver.phase, driver.state.status.reason],
    ["pending", "waits for db (is stopped)"],
  );
});

test("a node that crashed and is back restarts it for what happened to the other meanwhile", () => {
  const driver = runningWith("restart").crash();
  const found = { kind: "running", attempt: 1, handle: { pid: 1 }, startedAt: 1_000_000 } as const;
  assert.deepEqual(driver.tell({ kind: "adopted", found }).did, []);
  assert.deepEqual(driver.tell(told({ up: ["a/1"] })).did, []);
  assert.deepEqual(driver.tell(told({ up: ["b/1"] })).did, ["stop"]);
});
