import assert from "node:assert/strict";
import { test } from "node:test";
import { parseMark } from "../../../src/keeper/process-scan.ts";

test("finds the mark in an environment, and no variable that only ends like it", () => {
  assert.equal(parseMark("MOB_TASK=a/b.1\0X=1\0"), "a/b.1");
  assert.equal(parseMark("X=1\0MOB_TASK=a/b.1\0"), "a/b.1");
  assert.equal(parseMark("NOT_MOB_TASK=a\0"), undefined);
});
