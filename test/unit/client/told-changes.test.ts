import assert from "node:assert/strict";
import { test } from "node:test";
import { ToldChanges, toldKeysMax } from "../../../src/client/told-changes.ts";
import { aChange } from "../../support/memory-commands.ts";

test("the last change of each key is kept, without what was in it", () => {
  const told = new ToldChanges();
  told.take([aChange, { ...aChange, stamp: "2.0.a", removed: true }]);
  assert.deepEqual(told.list(), [{ key: aChange.key, stamp: "2.0.a", removed: true }]);
});

test("of too many keys those go whose removal was told first", () => {
  const told = new ToldChanges();
  told.take([
    { ...aChange, key: "first" },
    { ...aChange, key: "gone", removed: true },
    { ...aChange, key: "gone later", removed: true },
  ]);
  told.take(Array.from({ length: toldKeysMax - 2 }, (_, n) => ({ ...aChange, key: `key ${n}` })));
  const keys = told.list().map(({ key }) => key);
  assert.equal(keys.length, toldKeysMax);
  assert.deepEqual(keys.slice(0, 2), ["first", "gone later"]);
});
