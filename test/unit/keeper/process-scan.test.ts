import assert from "node:assert/strict";
import { test } from "node:test";
import { parseMark, treeOf } from "../../../src/keeper/process-scan.ts";

test("finds the mark in an environment, and no variable that only ends like it", () => {
  assert.equal(parseMark("MOB_TASK=a/b.1\0X=1\0"), "a/b.1");
  assert.equal(parseMark("X=1\0MOB_TASK=a/b.1\0"), "a/b.1");
  assert.equal(parseMark("NOT_MOB_TASK=a\0"), undefined);
});

const processes = [
  { pid: 1, ppid: 0, mark: undefined },
  { pid: 10, ppid: 1, mark: "mine" }, // The shim.
  { pid: 11, ppid: 10, mark: "mine" },
  { pid: 12, ppid: 11, mark: undefined }, // Dropped its environment.
  { pid: 13, ppid: 1, mark: "mine" }, // Left its parent.
  { pid: 14, ppid: 13, mark: undefined },
  { pid: 20, ppid: 1, mark: "other" },
];

test("a tree is what bears the mark and all that descends from it, without the shim", () => {
  assert.deepEqual(treeOf(processes, "mine", 10).sort(), [11, 12, 13, 14]);
});

test("a tree whose shim is dead holds none of the children of who has its pid now", () => {
  const later = [
    { pid: 10, ppid: 1, mark: undefined },
    { pid: 15, ppid: 10, mark: undefined },
  ];
  assert.deepEqual(treeOf(later, "mine", undefined), []);
});
