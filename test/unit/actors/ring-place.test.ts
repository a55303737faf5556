import assert from "node:assert/strict";
import { test } from "node:test";
import { RingPlace } from "../../../src/actors/ring-place.ts";
import { ShardMap } from "../../../src/actors/shard-map.ts";
import { asNodeId, type NodeId } from "../../../src/core/ids.ts";
import type { Member, MemberState, View } from "../../../src/membership/view.ts";
import type { ShardId } from "../../../src/ring/ranking.ts";
import { absentMsMax } from "../../../src/ring/roster.ts";

const idOf = (n: number) => asNodeId(n.toString(16).padStart(32, "0"));
const shard = 7 as ShardId;

function member(n: number, state: MemberState): Member {
  const facts = { providers: [], labels: {}, version: "1" };
  return { id: idOf(n), name: `n${n}`, address: `h${n}:1`, incarnation: 1, state, facts };
}

/** Node 1 of a network, whose view, connections and clock a test sets. */
class World {
  view: View = { version: 1, members: [] };
  readonly connected = new Set<NodeId>();
  readonly shards = new ShardMap(idOf(1), false);
  readonly place: RingPlace;
  nowMs = 0;
  /** When `publish` is to be called; undefined: no one waits for it. */
  dueAtMs: number | undefined;

  constructor() {
    const dueIn = (ms: number) => {
      this.dueAtMs = this.nowMs + ms;
      return () => {
        this.dueAtMs = undefined;
      };
    };
    this.place = new RingPlace({
      node: idOf(1),
      catalog: this,
      links: { isConnected: (peer) => this.connected.has(peer) },
      shards: this.shards,
      clock: { mono: () => this.nowMs },
      publishIn: dueIn,
    });
  }

  /** Whether that changes anything. */
  see(states: readonly MemberState[], isPartial = false): boolean {
    const members = states.map((state, at) => member(at + 1, state));
    this.view = { version: this.view.version + 1, members, isPartial };
    return this.place.publish();
  }

  /** Nodes that hold a shard, by their numbers. */
  get homes(): readonly number[] {
    return this.shards
      .placeOf(shard)
      .homes.map((id) => Number.parseInt(id, 16))
      .sort();
  }
}

test("a node alone has every shard, and what reads the same is published once", () => {
  const world = new World();
  assert.ok(world.place.publish());
  assert.deepEqual(world.homes, [1]);
  assert.ok(!world.place.publish());
  assert.ok(world.see(["alive", "alive"]));
  assert.ok(!world.see(["alive", "alive"]));
  assert.deepEqual(world.homes, [1, 2]);
});

test("a node that is gone keeps its place for a while, loses it in time, and has it again", () => {
  const world = new World();
  world.see(["alive", "alive"]);
  assert.equal(world.dueAtMs, undefined);
  world.nowMs = 1_000;
  assert.ok(world.see(["alive", "dead"]), "it is live no more");
  assert.deepEqual(world.shards.live, []);
  assert.deepEqual(world.homes, [1, 2]);
  assert.equal(world.dueAtMs, 1_000 + absentMsMax);
  world.nowMs = 1_000 + absentMsMax;
  assert.ok(world.place.publish());
  assert.deepEqual(world.homes, [1]);
  assert.equal(world.dueAtMs, undefined);
  assert.ok(world.see(["alive", "alive"]));
  assert.deepEqual(world.homes, [1, 2]);
});

test("a node that left counts for nothing", () => {
  const world = new World();
  world.see(["alive", "left"]);
  assert.deepEqual(world.homes, [1]);
  assert.equal(world.dueAtMs, undefined);
});

test("partners are all that live, or those that this node is connected with where it cannot be with all", () => {
  const world = new World();
  world.connected.add(idOf(3)).add(idOf(4));
  world.see(["alive", "alive", "alive", "dead"]);
  assert.deepEqual(world.place.partners, [idOf(2), idOf(3)]);
  world.see(["alive", "alive", "alive", "dead"], true);
  assert.deepEqual(world.place.partners, [idOf(3)]);
});
