import assert from "node:assert/strict";
import { test } from "node:test";
import { Rollouts, type UpdatedInstance } from "../../../src/actors/rollouts.ts";
import { asInstanceId } from "../../../src/core/ids.ts";
import { updateDefault, updateFor } from "../../../src/services/update-policy.ts";

const policy = {
  ...updateFor(updateDefault, false),
  parallel: 2,
  healthyForMs: 1_000,
  deadlineMs: 10_000,
};

/** `o`: of the old version; `s`: of the new one, starting; `r`: ready; `f`: failed. */
function instances(states: string): readonly UpdatedInstance[] {
  return [...states].map((state, n) => ({
    instance: asInstanceId(`${n}`.padStart(8, "0")),
    isUpdated: state !== "o",
    isReady: state === "r",
    hasFailed: state === "f",
  }));
}

function follow(rollouts: Rollouts, states: string, nowMs: number, stamp = "1") {
  return rollouts.follow("web", stamp, policy, instances(states), nowMs);
}

test("an update that fails says why its new instance is not ready, where that is known", () => {
  const rollouts = new Rollouts();
  const told = (states: string, why: string, nowMs: number) => {
    const [first, ...rest] = instances(states);
    assert.ok(first !== undefined);
    return rollouts.follow("web", "1", policy, [{ ...first, why }, ...rest], nowMs).failure;
  };
  assert.equal(told("so", "exited with code 3", 0), undefined);
  assert.match(
    told("so", "exited with code 3", 10_000) ?? "",
    /was ready for 10 s: exited with code 3$/,
  );
  assert.match(told("fo", "gave up", 10_001) ?? "", /has failed: gave up$/);
});

test("so many at a time, each next one once another has been ready for long enough", () => {
  const rollouts = new Rollouts();
  assert.equal(follow(rollouts, "oooo", 0).updatesMax, 2);
  assert.equal(follow(rollouts, "ssoo", 10).updatesMax, 0);
  assert.deepEqual(follow(rollouts, "rsoo", 100), {
    done: new Set(),
    updatesMax: 0,
    failure: undefined,
    lookAgainMs: 1_000,
  });
  assert.equal(follow(rollouts, "rsoo", 1_099).updatesMax, 0);
  assert.equal(follow(rollouts, "rsoo", 1_100).updatesMax, 1);
  assert.ok(rollouts.has("web"));
});

test("one that is no longer ready is counted anew", () => {
  const rollouts = new Rollouts();
  follow(rollouts, "roo", 0);
  follow(rollouts, "soo", 500);
  assert.equal(follow(rollouts, "roo", 900).updatesMax, 1);
  assert.equal(follow(rollouts, "roo", 1_899).updatesMax, 1);
  assert.equal(follow(rollouts, "roo", 1_900).updatesMax, 2);
});

test("it is over once all have been ready for long enough", () => {
  const rollouts = new Rollouts();
  assert.equal(follow(rollouts, "rr", 0).lookAgainMs, 1_000);
  assert.equal(follow(rollouts, "rr", 1_000).lookAgainMs, undefined);
  assert.ok(!rollouts.has("web"));
});

test("it fails at once with an instance that failed, and at the deadline after the last that was done", () => {
  const rollouts = new Rollouts();
  assert.match(follow(rollouts, "fooo", 0).failure ?? "", /has failed/);
  rollouts.forget("web");
  follow(rollouts, "rsoo", 0);
  assert.equal(follow(rollouts, "rsoo", 9_999).failure, undefined, "one was done a moment ago");
  assert.equal(follow(rollouts, "rsso", 19_998).failure, undefined);
  assert.match(follow(rollouts, "rsso", 19_999).failure ?? "", /no instance more .* for 10 s/);
});

test("another version begins anew", () => {
  const rollouts = new Rollouts();
  follow(rollouts, "soo", 0);
  assert.equal(follow(rollouts, "soo", 9_000, "2").failure, undefined);
  assert.equal(follow(rollouts, "soo", 18_999, "2").failure, undefined);
  assert.notEqual(follow(rollouts, "soo", 19_000, "2").failure, undefined);
});

test("a version is given up for the first time once, however often it fails again", () => {
  const rollouts = new Rollouts();
  const giveUp = (stamp: string) => {
    assert.notEqual(follow(rollouts, "rf", 0, stamp).failure, undefined);
    return rollouts.giveUp("web", stamp);
  };
  assert.deepEqual(
    [giveUp("1"), giveUp("1"), giveUp("2"), giveUp("2")],
    [true, false, true, false],
  );
  assert.ok(!rollouts.has("web"));
});
