import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { SpawnTurns } from "../../../src/keeper/spawn-turns.ts";

test("gives at most one spawn a turn of the event loop, in the order in which they were asked for", async () => {
  const turns = new SpawnTurns();
  const given: number[] = [];
  const all = [1, 2, 3, 4].map((n) => turns.take().then(() => given.push(n)));
  await Promise.resolve(); // The first comes at once.
  const most = [given.length];
  while (given.length < all.length) {
    const before = given.length;
    await setImmediate();
    most.push(given.length - before);
  }
  assert.deepEqual(given, [1, 2, 3, 4]);
  assert.equal(Math.max(...most), 1);
});

test("has a spawn that comes alone wait for nothing", async () => {
  const turns = new SpawnTurns();
  for (let n = 0; n < 3; n++) {
    let given = false;
    void turns.take().then(() => {
      given = true;
    });
    await Promise.resolve();
    assert.equal(given, true);
    for (let turn = 0; turn < 10; turn++) await setImmediate();
  }
});
