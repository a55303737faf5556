import assert from "node:assert/strict";
import { test } from "node:test";
import type { WatchRange } from "../../../src/actors/record-watch.ts";
import { Records } from "../../../src/actors/records.ts";
import { ShardMap } from "../../../src/actors/shard-map.ts";
import { asNodeId } from "../../../src/core/ids.ts";
import { shardOfKey } from "../../../src/store/key-shard.ts";
import { openReplica, type Replica, writeRegister } from "../../../src/store/replica.ts";
import { type Change, toldOf } from "../../../src/store/watching.ts";

const node = asNodeId("a".repeat(32));
const specs = { kinds: new Set(["spec"]) };
const keyOf = ({ key, value }: Change) => `${key}=${value}`;

class World {
  readonly records = new Records(new ShardMap(node, false), {
    mono: () => 0,
    wall: () => 0,
  });
  readonly #replicas = new Map<number, Replica>();

  write(key: string, value: unknown): void {
    const shard = shardOfKey(key);
    const held = this.#replicas.get(shard);
    const replica = held ?? openReplica(shard, node, []);
    this.#replicas.set(shard, replica);
    if (held === undefined) this.records.open(replica);
    this.records.changed([writeRegister(replica, key, value, 1)]);
  }

  watch(range: WatchRange = specs, told: readonly unknown[] = []) {
    const watching = new AbortController();
    const batches = this.records.watch(range, told, watching.signal)[Symbol.asyncIterator]();
    const next = async () => (await batches.next()).value?.map(keyOf);
    return { next, stop: () => watching.abort(), batches };
  }
}

test("what is there comes first, then each change, of the range alone", async () => {
  const world = new World();
  world.write("spec/web", 1);
  world.write("status/web/00000000", 1);
  const all = world.watch();
  const ofDb = world.watch({ ...specs, groups: new Set(["db"]) });
  assert.deepEqual(await all.next(), ["spec/web=1"]);
  const coming = ofDb.next();
  world.write("spec/web", 2);
  world.write("spec/db", 3);
  world.write("run/db", 4);
  assert.deepEqual(await coming, ["spec/db=3"]);
  assert.deepEqual(await all.next(), ["spec/web=2", "spec/db=3"]);
});

test("one who reads late is told every change that waited", async () => {
  const world = new World();
  world.write("spec/web", 0);
  const watch = world.watch();
  await watch.next();
  for (const value of [1, 2, undefined, 3]) world.write("spec/web", value);
  assert.deepEqual(await watch.next(), [
    "spec/web=1",
    "spec/web=2",
    "spec/web=undefined",
    "spec/web=3",
  ]);
});

test("of more than may wait the last value of each key is told", async () => {
  const world = new World();
  const watch = world.watch();
  world.write("spec/web", 0);
  await watch.next();
  for (let value = 1; value <= 10_001; value++) world.write("spec/web", value);
  world.write("spec/db", 1);
  assert.deepEqual((await watch.next())?.sort(), ["spec/db=1", "spec/web=10001"]);
  world.write("spec/web", "later");
  assert.deepEqual(await watch.next(), ["spec/web=later"]);
});

test("a watch goes on from what another told", async () => {
  const world = new World();
  world.write("spec/web", 1);
  world.write("spec/db", 1);
  const first = world.watch();
  const { value: told } = await first.batches.next();
  first.stop();
  world.write("spec/db", 2);
  assert.deepEqual(await world.watch(specs, told.map(toldOf)).next(), ["spec/db=2"]);
});

test("a watch that is stopped ends, and no other", async () => {
  const world = new World();
  const watch = world.watch();
  const ending = watch.batches.next();
  watch.stop();
  assert.equal((await ending).done, true);
});

test("what no node has told is refused, and so are more watches than a node has", () => {
  const world = new World();
  assert.throws(() => world.watch(specs, [{ key: "k" }]), { code: "bad_request" });
  const watches = Array.from({ length: 1_000 }, () => world.watch());
  assert.throws(() => world.watch(), { code: "unavailable" });
  watches[0]?.stop();
  world.watch();
});
