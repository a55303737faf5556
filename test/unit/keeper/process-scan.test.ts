import assert from "node:assert/strict";
import { test } from "node:test";
import { parseMark } from "../../../src/keeper/process-scan.ts";

test("finds the mark in an environment, and no variable that only ends like it", () => {
  const markIn = (environ: string) => parseMark(Buffer.from(environ));
  assert.equal(markIn("MOB_TASK=a/b.1\0X=1\0"), "a/b.1");
  assert.equal(markIn("X=1\0MOB_TASK=a/b.1\0"), "a/b.1");
  assert.equal(markIn("X=1\0MOB_TASK=a/b.1"), "a/b.1");
  assert.equal(markIn("NOT_MOB_TASK=a\0"), undefined);
  assert.equal(markIn(""), undefined);
});
