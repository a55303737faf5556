import assert from "node:assert/strict";
import { test } from "node:test";
import { type FolderUse, leftoverState } from "../../../src/actors/leftover-state.ts";

const stateOf = (isOrphan: boolean, use: FolderUse | undefined, isLive = false) =>
  leftoverState({ isOrphan }, use, isLive)?.state;

test("gone is what its provider and its data folder both say", () => {
  assert.equal(stateOf(true, "gone"), "gone");
  assert.equal(stateOf(false, "gone"), "unknown");
  assert.equal(stateOf(true, "stopped"), "stopped");
  assert.equal(stateOf(false, "stopped"), "stopped");
});

test("what a running node has is never shown, whatever its folder looks like", () => {
  for (const isOrphan of [true, false]) {
    assert.equal(stateOf(isOrphan, "running"), undefined);
    assert.equal(stateOf(isOrphan, "gone", true), undefined);
    assert.equal(stateOf(isOrphan, undefined, true), undefined);
  }
});

test("of this node's own folder it is what that has forgotten", () => {
  assert.equal(stateOf(true, "own"), "gone");
  assert.equal(stateOf(false, "own"), undefined);
});

test("what does not tell its folder cannot be judged", () => {
  assert.equal(stateOf(true, undefined), "unknown");
  assert.equal(stateOf(false, undefined), "unknown");
});
