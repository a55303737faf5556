import assert from "node:assert/strict";
import { test } from "node:test";
import { affected } from "../../../src/core/strategies.ts";

const children = ["a", "b", "c", "d"];

test("one_for_one takes along the failed child alone", () => {
  assert.deepEqual(affected("one_for_one", children, 1), ["b"]);
});

test("rest_for_one takes along the failed child and those started after it", () => {
  assert.deepEqual(affected("rest_for_one", children, 1), ["b", "c", "d"]);
});

test("one_for_all takes along all children", () => {
  assert.deepEqual(affected("one_for_all", children, 1), children);
});
