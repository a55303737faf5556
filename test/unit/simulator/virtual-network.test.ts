import assert from "node:assert/strict";
import { test } from "node:test";
import { Unreachable } from "../../../src/core/errors.ts";
import { asNodeId } from "../../../src/core/ids.ts";
import { type Owner, Scheduler } from "../../../src/simulator/scheduler.ts";
import { Trace } from "../../../src/simulator/trace.ts";
import { seededRandom } from "../../../src/simulator/virtual-env.ts";
import { VirtualNetwork } from "../../../src/simulator/virtual-network.ts";
import { runUntil } from "../../../src/simulator/virtual-time.ts";
import { type Connection, DialRefused } from "../../../src/transport/transport.ts";

const nodeA = asNodeId("a".repeat(32));
const nodeB = asNodeId("b".repeat(32));
const quality = { delayMs: { min: 1, max: 20 }, bytesPerSecond: 1_000_000 };

function bench(seed = 1) {
  const scheduler = new Scheduler();
  const random = seededRandom(seed, "network");
  const network = new VirtualNetwork({ scheduler, random, trace: new Trace(), quality });
  const a: Owner = { name: "a#1", dead: false };
  const b: Owner = { name: "b#1", dead: false };
  const run = (ms: number) => runUntil(scheduler, scheduler.now + ms);
  return { scheduler, network, a, b, run };
}

/** What one end has received, as numbers, and how it ended. */
function follow(connection: Connection) {
  const seen: { frames: number[]; ends: (Error | undefined)[] } = { frames: [], ends: [] };
  connection.onFrame(([n = 0]) => seen.frames.push(n));
  connection.onClose((error) => seen.ends.push(error));
  return seen;
}

async function connected(seed = 1) {
  const world = bench(seed);
  const { network, a, b, run } = world;
  const accepted: Connection[] = [];
  await network.transport(b, nodeB).listen("b:1", (connection) => accepted.push(connection));
  const dialed: Connection[] = [];
  void network
    .transport(a, nodeA)
    .dial("b:1")
    .then((connection) => dialed.push(connection));
  await run(200);
  const [here, there] = [dialed[0], accepted[0]];
  assert.ok(here && there);
  return { ...world, here, there, onA: follow(here), onB: follow(there) };
}

const sendAll = (connection: Connection, count: number) => {
  for (let n = 0; n < count; n++) assert.ok(connection.send(Uint8Array.of(n)));
};
const upTo = (count: number) => Array.from({ length: count }, (_, n) => n);

test("frames arrive whole and in order", async () => {
  const { here, onB, run } = await connected();
  sendAll(here, 100);
  await run(1_000);
  assert.deepEqual(onB.frames, upTo(100));
});

test("a cut holds what is sent in its direction alone, and a mended link delivers it in order", async () => {
  const { network, here, there, onA, onB, run } = await connected();
  network.cut("a", "b");
  sendAll(here, 10);
  sendAll(there, 10);
  await run(5_000);
  assert.deepEqual(onB.frames, []);
  assert.deepEqual(onA.frames, upTo(10));
  network.mend("a", "b");
  await run(10_000);
  assert.deepEqual(onB.frames, upTo(10));
  assert.equal(onB.ends.length, 0);
});

test("mending a link sends again over that link, once, and does nothing for any other", async () => {
  const { here, network, scheduler, onB, run } = await connected();
  network.cut("a", "b");
  sendAll(here, 3);
  await run(10);
  const { waiting } = scheduler;
  network.mend("a", "b");
  for (let n = 0; n < 100; n++) {
    network.cut("c", `d${n}`);
    network.mend("c", `d${n}`);
  }
  assert.equal(scheduler.waiting, waiting + 1);
  await run(5_000);
  assert.deepEqual(onB.frames, upTo(3));
});

test("a sender gives up what nobody acknowledges; the other side learns nothing of it", async () => {
  const { network, here, onA, onB, run } = await connected();
  network.cut("a", "b");
  sendAll(here, 1);
  await run(70_000);
  assert.equal(onA.ends.length, 1);
  assert.ok(onA.ends[0] instanceof Unreachable);
  assert.equal(onB.ends.length, 0);
});

test("a reset loses a suffix, never a part in the middle, and ends both sides with an error", async () => {
  const kept = new Set<number>();
  for (let seed = 1; seed <= 20; seed++) {
    const { network, here, onA, onB, run } = await connected(seed);
    sendAll(here, 10);
    network.reset("a", "b");
    await run(1_000);
    assert.deepEqual(onB.frames, upTo(onB.frames.length));
    kept.add(onB.frames.length);
    for (const { ends } of [onA, onB]) {
      assert.equal(ends.length, 1);
      assert.ok(ends[0] !== undefined);
    }
  }
  assert.ok(kept.size > 3);
});

test("a connection that swallows everything looks open, until the sender gives it up", async () => {
  const { network, here, onA, onB, run } = await connected();
  network.swallow("a", "b");
  sendAll(here, 1);
  await run(15_000);
  assert.equal(onA.ends.length + onB.frames.length + onB.ends.length, 0);
  await run(60_000);
  assert.equal(onA.ends.length, 1);
});

test("when a process dies its kernel ends the connection, after all or a part of what was sent", async () => {
  for (let seed = 1; seed <= 10; seed++) {
    const { network, a, here, onB, run } = await connected(seed);
    sendAll(here, 10);
    a.dead = true;
    network.crash(a);
    await run(1_000);
    assert.deepEqual(onB.frames, upTo(onB.frames.length));
    assert.equal(onB.ends.length, 1);
  }
});

test("when a machine loses power nobody is told, until it is back and knows nothing of it", async () => {
  const { network, a, there, onB, run } = await connected();
  a.dead = true;
  network.powerOff("a", a);
  await run(15_000);
  sendAll(there, 1);
  await run(2_000);
  assert.equal(onB.ends.length, 0);
  network.powerOn("a");
  await run(15_000);
  assert.equal(onB.ends.length, 1);
  assert.ok(onB.ends[0] instanceof Unreachable);
});

test("a dial is refused where nobody listens, and gets no answer from a machine that is off", async () => {
  const { network, a, run } = bench();
  const outcome = (address: string) =>
    network
      .transport(a, nodeA)
      .dial(address)
      .then(
        () => "connected",
        (error: unknown) => (error instanceof DialRefused ? "refused" : "no answer"),
      );
  network.powerOff("off", undefined);
  const outcomes = [outcome("b:1"), outcome("off:1")];
  await run(5_000);
  assert.deepEqual(await Promise.all(outcomes), ["refused", "no answer"]);
});

test("a listener whose process is stalled is connected to by its kernel, and accepts later", async () => {
  const { network, a, b, run } = bench();
  const accepted: Connection[] = [];
  await network.transport(b, nodeB).listen("b:1", (connection) => accepted.push(connection));
  b.stalledUntil = 1_000;
  let isConnected = false;
  void network
    .transport(a, nodeA)
    .dial("b:1")
    .then((connection) => {
      isConnected = true;
      sendAll(connection, 3);
    });
  await run(500);
  assert.ok(isConnected);
  assert.equal(accepted.length, 0);
  await run(1_000);
  const [there] = accepted;
  assert.ok(there);
  assert.deepEqual(follow(there).frames, [0, 1, 2]);
});

test("a slow link takes its time, for all that goes over it together", async () => {
  const { network, here, onB, run } = await connected();
  network.links.setQuality("a", "b", { delayMs: { min: 0, max: 0 }, bytesPerSecond: 1_000 });
  for (let n = 0; n < 10; n++) here.send(new Uint8Array(1_000));
  await run(5_500);
  assert.equal(onB.frames.length, 5);
});

test("more than 16 MiB on its way is refused", async () => {
  const { network, here } = await connected();
  network.cut("a", "b");
  const frame = new Uint8Array(1024 * 1024);
  for (let n = 0; n < 16; n++) assert.ok(here.send(frame));
  assert.equal(here.send(frame), false);
});
