import assert from "node:assert/strict";
import { test } from "node:test";
import { Unavailable } from "../../../src/core/errors.ts";
import { type Owner, Scheduler } from "../../../src/simulator/scheduler.ts";
import { VirtualDisk } from "../../../src/simulator/virtual-disk.ts";
import { seededRandom } from "../../../src/simulator/virtual-env.ts";
import { runUntil } from "../../../src/simulator/virtual-time.ts";
import type { Storage } from "../../../src/storage/storage.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const keysOf = (storage: Storage) => [...storage.list("")].map(({ key }) => key);

function bench(seed = 1) {
  const scheduler = new Scheduler();
  const disk = new VirtualDisk({ scheduler, random: seededRandom(seed, "disk"), flushMsMax: 5 });
  let lives = 0;
  const open = () => {
    const owner: Owner = { name: `a#${++lives}`, dead: false };
    return { owner, storage: disk.open(owner) };
  };
  return { scheduler, disk, open, run: (ms: number) => runUntil(scheduler, scheduler.now + ms) };
}

test("what was flushed survives a crash, and what was not is gone", async () => {
  const { disk, open, run } = bench();
  const { owner, storage } = open();
  storage.put("a", bytes("1"));
  const flushed = storage.flush();
  await run(100);
  await flushed;
  storage.put("b", bytes("2"));
  assert.deepEqual(keysOf(storage), ["a", "b"]);
  owner.dead = true;
  disk.crash();
  assert.deepEqual(keysOf(open().storage), ["a"]);
});

test("a crash during a commit leaves all of its writes or none, each for some seed", async () => {
  const outcomes = new Set<string>();
  for (let seed = 1; seed <= 20; seed++) {
    const { scheduler, disk, open } = bench(seed);
    const { owner, storage } = open();
    disk.flushMsMax = 1_000;
    for (const key of ["a", "b", "c"]) storage.put(key, bytes(key));
    void storage.flush();
    await runUntil(scheduler, 0.001);
    owner.dead = true;
    disk.crash();
    outcomes.add(keysOf(open().storage).join());
  }
  assert.deepEqual([...outcomes].sort(), ["", "a,b,c"]);
});

test("a crash at an effect comes before the commit, or after it and before anyone is told", async () => {
  for (const [effect, kept] of [
    [1, ""],
    [2, "a"],
  ] as const) {
    const { disk, open, run } = bench(3);
    const { owner, storage } = open();
    let left: number = effect;
    disk.onEffect = () => {
      if (--left > 0) return false;
      owner.dead = true;
      if (effect === 2) disk.crash();
      return true;
    };
    let isTold = false;
    storage.put("a", bytes("1"));
    void storage.flush().then(() => {
      isTold = true;
    });
    await run(100);
    assert.equal(isTold, false);
    assert.equal(keysOf(open().storage).join(), kept);
  }
});

test("a full disk refuses a flush, reads on, and takes the writes once there is room", async () => {
  const { disk, open, run } = bench();
  const { storage } = open();
  disk.isFull = true;
  storage.put("a", bytes("1"));
  const refused = assert.rejects(storage.flush(), Unavailable);
  await run(100);
  await refused;
  assert.deepEqual(keysOf(storage), ["a"]);
  disk.isFull = false;
  const flushed = storage.flush();
  await run(100);
  await flushed;
  assert.deepEqual([...disk.image().keys()], ["a"]);
});

test("a copy of a disk can be put into the machine later", async () => {
  const { disk, open, run } = bench();
  const { owner, storage } = open();
  const flush = async (key: string) => {
    storage.put(key, bytes(key));
    const flushed = storage.flush();
    await run(100);
    await flushed;
  };
  await flush("a");
  const copy = disk.image();
  await flush("b");
  owner.dead = true;
  disk.crash();
  disk.replace(copy);
  assert.deepEqual(keysOf(open().storage), ["a"]);
});
