import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "../../../scripts/root.ts";
import { mutants } from "../../mutants/mutants.ts";

test("there are at least 15 mutants, each of a name of its own, and each changes something", () => {
  assert.ok(mutants.length >= 15);
  assert.equal(new Set(mutants.map(({ name }) => name)).size, mutants.length);
  for (const { name, find, replace } of mutants) assert.notEqual(find, replace, name);
});

test("each mutant still has its place in the code, and only one", () => {
  for (const { name, file, find } of mutants) {
    const pieces = readFileSync(join(root, file), "utf8").split(find);
    assert.equal(pieces.length, 2, `${name}: ${file} has it ${pieces.length - 1} times`);
  }
});
