import assert from "node:assert/strict";
import { test } from "node:test";
import { ownerOf, ringNode } from "../../../src/actors/ownership.ts";
import { asNodeId } from "../../../src/core/ids.ts";
import type { Member, View } from "../../../src/membership/view.ts";
import { homesOf } from "../../../src/ring/homes.ts";
import { shardOf } from "../../../src/ring/ranking.ts";

function member(n: number, weight?: number): Member {
  const id = asNodeId(n.toString(16).padStart(32, "0"));
  const facts = {
    providers: [],
    labels: {},
    version: "1",
    ...(weight !== undefined && { weight }),
  };
  return { id, name: `n${n}`, address: `h${n}:1`, incarnation: 1, state: "alive", facts };
}

const names = Array.from({ length: 2_000 }, (_, n) => `service-${n}`);

test("a node of three times the weight decides for about three times as much", () => {
  const members = [member(1, 3), member(2), member(3)];
  const view: View = { version: 1, members };
  const heavy = names.filter((name) => ownerOf(view, name) === members[0]?.id);
  assert.ok(Math.abs(heavy.length / names.length - 3 / 5) < 0.05, `${heavy.length}`);
});

test("who decides for a group is who writes for it, whatever the weights", () => {
  const members = [member(1, 0.1), member(2, 4), member(3), member(4, 1), member(5, 100)];
  for (const dead of [undefined, 4, 1]) {
    const now = members.map((one, at): Member => (at === dead ? { ...one, state: "dead" } : one));
    for (const name of names) {
      const { acting } = homesOf(shardOf(name), now.map(ringNode));
      assert.equal(acting[0], ownerOf({ version: 1, members: now }, name));
    }
  }
});

test("who decides is found anew for each view", () => {
  const members = [member(1), member(2), member(3)];
  const before: View = { version: 1, members };
  const owner = ownerOf(before, "web");
  const after = members.map((one): Member => (one.id === owner ? { ...one, state: "dead" } : one));
  assert.notEqual(ownerOf({ version: 2, members: after }, "web"), owner);
  assert.equal(ownerOf(before, "web"), owner);
});
