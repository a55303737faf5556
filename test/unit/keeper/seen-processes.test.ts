import assert from "node:assert/strict";
import { test } from "node:test";
import { SeenProcesses } from "../../../src/keeper/seen-processes.ts";

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
  assert.deepEqual(new SeenProcesses(processes).tree("mine", 10).sort(), [11, 12, 13, 14]);
});

test("a tree whose shim is dead holds none of the children of who has its pid now", () => {
  const later = [
    { pid: 10, ppid: 1, mark: undefined },
    { pid: 15, ppid: 10, mark: undefined },
  ];
  assert.deepEqual(new SeenProcesses(later).tree("mine", undefined), []);
});
