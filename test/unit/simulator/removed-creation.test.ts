import assert from "node:assert/strict";
import { test } from "node:test";
import { type Gone, removedCreation } from "../../../src/simulator/invariants/removed-creation.ts";

const removal = { name: "db", askedAtMs: 100, by: ["n1", "n2"] };

function gone(node: string, uid: string, atMs: number, name = "db"): Gone {
  return { node, name, uid, atMs };
}

test("a removal is of what has gone since it was asked for, under its name", () => {
  const seen = [gone("n1", "old", 99), gone("n1", "other", 110, "web"), gone("n1", "first", 110)];
  assert.equal(removedCreation(removal, [...seen, gone("n2", "first", 120)]), "first");
});

test("a later removal that one of those who acknowledged has not heard of is not taken for it", () => {
  const seen = [gone("n1", "first", 110), gone("n2", "first", 120), gone("n1", "second", 300)];
  assert.equal(removedCreation(removal, seen), "first");
});

test("a node that never showed the creation has acknowledged its removal all the same", () => {
  assert.equal(removedCreation(removal, [gone("n1", "first", 110)]), "first");
});

test("what has gone where nobody acknowledged tells nothing", () => {
  assert.equal(removedCreation(removal, [gone("n3", "first", 110)]), undefined);
});

test("of two that have gone everywhere, it is not known which one was removed", () => {
  const both = removal.by.flatMap((id) => [gone(id, "first", 110), gone(id, "second", 300)]);
  assert.equal(removedCreation(removal, both), undefined);
});
