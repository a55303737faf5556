import assert from "node:assert/strict";
import { test } from "node:test";
import { Broadcasts } from "../../../src/membership/broadcast.ts";
import { idOf } from "../../../src/simulator/member-host.ts";
import { record } from "./members.ts";

test("each piece of news is taken so many times, and then no more", () => {
  const broadcasts = new Broadcasts();
  broadcasts.add({ member: record(1), by: "" });
  const sends = [1, 2, 3, 4].map(() => broadcasts.take(8, 3).length);
  assert.deepEqual(sends, [1, 1, 1, 0]);
  assert.ok(broadcasts.isEmpty);
});

test("a message has no more than its share, and those who waited longest come first", () => {
  const broadcasts = new Broadcasts();
  for (let n = 0; n < 5; n++) broadcasts.add({ member: record(n), by: "" });
  const taken = [1, 2, 3].map(() => broadcasts.take(2, 2).map(({ member }) => member.name));
  assert.deepEqual(taken, [
    ["node-0", "node-1"],
    ["node-2", "node-3"],
    ["node-4", "node-0"],
  ]);
});

test("newer news of a node takes the place of older, which takes no place of newer", () => {
  const broadcasts = new Broadcasts();
  const newer = { member: record(1, { incarnation: 2 }), by: "" } as const;
  broadcasts.add({ member: record(1, { state: "dead" }), by: "" });
  broadcasts.add(newer);
  broadcasts.add({ member: record(1, { state: "suspect" }), by: idOf(2) });
  assert.deepEqual(broadcasts.take(8, 1), [newer]);
});

test("what several nodes saw is told of each, until it is established", () => {
  const broadcasts = new Broadcasts();
  const member = record(1, { state: "away" });
  broadcasts.add({ member, by: idOf(2) });
  broadcasts.add({ member, by: idOf(3) });
  broadcasts.add({ member, by: idOf(3) });
  assert.deepEqual(
    broadcasts.take(8, 2).map(({ by }) => by),
    [idOf(2), idOf(3)],
  );
  broadcasts.add({ member, by: "" });
  assert.deepEqual(broadcasts.take(8, 1), [{ member, by: "" }]);
});
