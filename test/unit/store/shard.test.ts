import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Unavailable } from "../../../src/core/errors.ts";
import { hintKeysMax } from "../../../src/store/hints.ts";
import { losersMax } from "../../../src/store/history.ts";
import { take } from "../../../src/store/merging.ts";
import { purgeAfterMs, purgedMs, settledMs } from "../../../src/store/purging.ts";
import type { Register } from "../../../src/store/register.ts";
import { listRegisters, openReplica, readValue } from "../../../src/store/replica.ts";
import { nodeId, StoreNetwork, type StoreNode, shard } from "./network.ts";

const others = (network: StoreNetwork, node: StoreNode) =>
  network.nodes.filter((one) => one !== node);

test("of five nodes three are to flush a write, and two of them are enough", () => {
  const network = new StoreNetwork(5);
  const { writer } = network;
  const { homes } = writer.state.place;
  assert.equal(homes.length, 3);
  const [first, second, third] = homes.map((home) => network.nodes.find(({ id }) => id === home));
  assert.ok(first === writer && second !== undefined && third !== undefined);
  second.isDiskHeld = true;
  third.isDiskHeld = true;
  writer.write("k", 1);
  network.settle();
  for (const node of network.nodes) assert.equal(readValue(node.state.replica, "k"), 1);
  assert.deepEqual(writer.toldOf("written"), [], "no one outside the homes counts");
  const [flush] = third.flushes;
  assert.ok(flush !== undefined);
  third.flushed(flush);
  network.settle();
  const { receipt } = writer.toldOf("written")[0] ?? {};
  assert.deepEqual(receipt, { acks: [first.id, third.id], replicas: 3, partitioned: false });
});

test("where no home of the shard lives, others stand in and acknowledge", () => {
  const network = new StoreNetwork(6);
  const { homes } = network.writer.state.place;
  network.partition((n) => homes.includes(nodeId(n)));
  const standIn = network.nodes.find(({ id, state }) => id === state.place.acting[0]);
  const outside = network.nodes.find(
    ({ id, state }) => !homes.includes(id) && id === state.place.acting[0],
  );
  assert.ok(standIn !== undefined && outside !== undefined);
  outside.write("k", 1);
  network.settle();
  const { receipt } = outside.toldOf("written")[0] ?? {};
  assert.equal(receipt?.replicas, 3);
  assert.equal(receipt?.partitioned, true);
  network.heal();
  network.settle();
  for (const node of network.nodes) assert.equal(readValue(node.state.replica, "k"), 1);
});

test("a home that was gone is sent what it missed before anything is compared", () => {
  const network = new StoreNetwork(3);
  const { writer } = network;
  const [gone] = others(network, writer);
  assert.ok(gone !== undefined);
  network.partition((n) => network.node(n) === gone);
  for (let n = 0; n < 3; n++) writer.write(`k${n}`, n);
  network.settle();
  network.cut.clear();
  network.meet();
  for (const node of network.nodes) node.outbox.length = 0;
  writer.feed({ kind: "peer-up", peer: gone.id });
  network.settle();
  assert.equal(listRegisters(gone.state.replica, "").length, 3);
  writer.feed({ kind: "peer-up", peer: gone.id });
  assert.deepEqual(writer.outbox, [], "once");
});

test("hints are bounded, and what is above the bound is repaired all the same", () => {
  const network = new StoreNetwork(2);
  const { writer } = network;
  const [gone] = others(network, writer);
  assert.ok(gone !== undefined);
  network.partition((n) => network.node(n) === gone);
  for (let n = 0; n < hintKeysMax + 5; n++) writer.write(`k${n}`, n);
  assert.equal(writer.state.hints.get(gone.id)?.size, hintKeysMax);
  network.settle();
  network.heal();
  network.settle();
  assert.equal(listRegisters(gone.state.replica, "").length, hintKeysMax + 5);
});

test("a write that too many replicas refuse fails with their reasons", () => {
  const network = new StoreNetwork(3);
  const { writer } = network;
  const error = new Unavailable("no space left on device");
  for (const other of others(network, writer)) other.isDiskHeld = true;
  writer.write("k", 1, 5);
  network.settle();
  for (const other of others(network, writer)) {
    const [flush] = other.flushes;
    assert.ok(flush !== undefined);
    other.flushFailed(flush, error);
  }
  network.settle();
  const [failed] = writer.toldOf("failed");
  assert.equal(failed?.id, 5);
  assert.equal(failed?.error.code, "outcome_unknown");
  assert.match(failed?.error.message ?? "", /too few nodes.*no space left on device/);
});

test("one full disk of three keeps no write back", () => {
  const network = new StoreNetwork(3);
  const { writer } = network;
  const [full] = others(network, writer);
  assert.ok(full !== undefined);
  full.isDiskHeld = true;
  writer.write("k", 1);
  network.settle();
  const [flush] = full.flushes;
  assert.ok(flush !== undefined);
  full.flushFailed(flush, new Unavailable("full"));
  network.settle();
  assert.equal(writer.toldOf("written").length, 1);
  assert.deepEqual(writer.toldOf("failed"), []);
});

test("what is in another shard is not taken into this one", () => {
  const network = new StoreNetwork(1);
  const node = network.node(0);
  const stamp = { wall: 1, counter: 0, origin: nodeId(9) };
  const stray: Register = { key: "spec/some-group", value: 1, stamp, seen: [] };
  const message = { kind: "store-state", shard, registers: [stray] } as const;
  node.feed({ kind: "received", from: nodeId(9), message });
  assert.deepEqual(node.told, []);
  assert.equal(node.disk.size, 0);
});

function removed(network: StoreNetwork): StoreNode {
  const { writer } = network;
  writer.write("k", 1);
  writer.write("k", undefined);
  network.settle();
  return writer;
}

function purgeAll(network: StoreNetwork): void {
  for (const node of network.nodes) node.feed({ kind: "purge-due" });
  network.settle();
}

test("a tombstone goes everywhere, from the disks too, once every node has it on disk", () => {
  const network = new StoreNetwork(5);
  removed(network);
  purgeAll(network);
  for (const node of network.nodes) assert.ok(node.disk.has("k"), "it is too young");
  network.wait(purgeAfterMs);
  purgeAll(network);
  for (const node of network.nodes) {
    assert.equal(node.disk.has("k"), false);
    assert.equal(node.state.replica.registers.size, 0);
    assert.equal(node.state.replica.tombstones.size, 0);
  }
});

test("what a node still has that missed the purge is not taken back, and goes there as well", () => {
  const network = new StoreNetwork(3);
  const writer = removed(network);
  network.wait(purgeAfterMs);
  const [behind] = others(network, writer);
  assert.ok(behind !== undefined);
  network.cut.add(`${writer.id} ${behind.id}`);
  // It is asked, and not told.
  behind.feed({
    kind: "received",
    from: writer.id,
    message: { kind: "store-confirm", shard, root: behind.root, isAnswer: false },
  });
  purgeAll(network);
  network.cut.clear();
  assert.deepEqual(
    network.nodes.map((node) => node.disk.has("k")),
    network.nodes.map((node) => node === behind),
  );
  for (const { id } of others(network, behind)) behind.feed({ kind: "compare", peer: id });
  network.settle();
  for (const node of network.nodes) assert.equal(node.disk.has("k"), false);
  const back = network.nodes.flatMap((node) => node.toldOf("changed").slice(-1));
  for (const { registers } of back) assert.equal(registers[0]?.value, undefined);
});

test("what was purged is not remembered for ever", () => {
  const network = new StoreNetwork(2);
  const writer = removed(network);
  network.wait(purgeAfterMs);
  purgeAll(network);
  assert.equal(writer.state.purged.size, 1);
  network.wait(purgedMs);
  purgeAll(network);
  assert.equal(writer.state.purged.size, 0);
});

test("a tombstone stays while a node is gone, or has it in memory alone, or holds something else", () => {
  const gone = new StoreNetwork(4);
  removed(gone);
  gone.wait(purgeAfterMs);
  const writer = gone.writer;
  gone.partition((n) => gone.node(n) === others(gone, writer)[0]);
  purgeAll(gone);
  assert.ok(writer.disk.has("k"));

  const unflushed = new StoreNetwork(4);
  const held = others(unflushed, removed(unflushed))[0];
  unflushed.wait(purgeAfterMs);
  assert.ok(held !== undefined);
  held.isDiskHeld = true;
  purgeAll(unflushed);
  assert.ok(unflushed.writer.disk.has("k"));
  for (const flush of held.flushes) held.flushed(flush);
  unflushed.settle();
  assert.equal(unflushed.writer.disk.has("k"), false);

  const differing = new StoreNetwork(4);
  const last = removed(differing);
  differing.wait(purgeAfterMs);
  const behind = others(differing, last)[0];
  assert.ok(behind !== undefined);
  behind.feed({ kind: "write", id: 1, entries: [{ key: "other", value: 1 }] });
  behind.outbox.length = 0;
  purgeAll(differing);
  assert.ok(last.disk.has("k"));
});

test("a tombstone stays while nodes that have just met may still have something on its way", () => {
  const network = new StoreNetwork(3);
  const writer = removed(network);
  network.wait(purgeAfterMs);
  network.meet();
  network.settle();
  network.wait(settledMs - 1);
  purgeAll(network);
  assert.ok(writer.disk.has("k"));
  network.wait(1);
  purgeAll(network);
  assert.equal(writer.disk.has("k"), false);
});

test("a removal goes like a tombstone, after what is left of its creation", () => {
  const network = new StoreNetwork(3);
  const { writer } = network;
  writer.write("removed//a", { uid: "a" });
  writer.write("removed//b", { uid: "b" });
  writer.write("spec/", { uid: "b" }); // By one who had not heard of it.
  writer.write("run/", { uid: "c" });
  network.settle();
  network.heal(); // Who wrote it, and those who took it, compare what they keep of it.
  network.settle();
  const isLost = (key: string) => key.startsWith("lost/");
  for (const { disk } of network.nodes) {
    assert.equal([...disk.keys()].filter(isLost).length, 1, "what was written in vain is told");
  }
  const held = ({ disk }: StoreNode) => [...disk.keys()].filter((key) => !isLost(key)).sort();
  const purged = () => {
    network.wait(purgeAfterMs);
    purgeAll(network);
    return network.nodes.map(held);
  };
  const all = (...keys: readonly string[]) => network.nodes.map(() => keys);
  assert.deepEqual(purged(), all("removed//b", "run/"));
  const gone = writer.toldOf("changed").flatMap(({ registers }) => registers);
  for (const key of ["removed//a", "spec/"]) {
    assert.ok(gone.some((one) => one.key === key && one.value === undefined));
  }
  assert.deepEqual(purged(), all("run/"));
});

test("a removal stays whose creation was written again while its purge was on its way", () => {
  const network = new StoreNetwork(2);
  const { writer } = network;
  writer.write("removed//a", { uid: "a" });
  network.settle();
  network.wait(purgeAfterMs);
  const [other] = others(network, writer);
  assert.ok(other !== undefined);
  other.isDiskHeld = true;
  writer.feed({ kind: "purge-due" });
  network.settle();
  writer.write("spec/", { uid: "a" });
  network.settle();
  for (const flush of other.flushes) other.flushed(flush);
  network.settle();
  for (const node of network.nodes) assert.ok(node.state.replica.registers.has("removed//a"));
});

test("a tombstone that a later write replaced while its purge was on its way does not take that along", () => {
  const network = new StoreNetwork(2);
  const writer = removed(network);
  network.wait(purgeAfterMs);
  const [other] = others(network, writer);
  assert.ok(other !== undefined);
  other.isDiskHeld = true;
  writer.feed({ kind: "purge-due" });
  network.settle();
  writer.write("k", "again");
  network.settle();
  for (const flush of other.flushes) other.flushed(flush);
  network.settle();
  for (const node of network.nodes) assert.equal(readValue(node.state.replica, "k"), "again");
});

test("what lost a conflict is in the history of its group, the same on all nodes", () => {
  const network = new StoreNetwork(3);
  network.partition((n) => n === 1);
  network.node(0).write("spec/", "old", 1);
  network.now = { ...network.now, wallMs: network.now.wallMs + 1 };
  network.node(1).write("spec/", "new", 1);
  network.settle();
  network.heal();
  network.settle();
  network.pass(12_000);
  const [first, ...rest] = network.nodes.map(({ state }) => listRegisters(state.replica, "lost/"));
  assert.deepEqual(
    first?.map(({ value }) => value),
    [{ key: "spec/", value: "old", wall: 1_000_000, origin: nodeId(0) }],
  );
  for (const held of rest) assert.deepEqual(held, first);
  assert.equal(new Set(network.nodes.map(({ root }) => root)).size, 1);
});

test("the history keeps the newest losers, whatever the order in which they come", () => {
  const losers = Array.from({ length: 3 * losersMax }, (_, n): Register => {
    const stamp = { wall: n + 1, counter: 0, origin: nodeId(1) };
    return { key: `lost//${n + 1}.0.x`, value: { wall: n + 1 }, stamp, seen: [] };
  });
  fc.assert(
    fc.property(
      fc.shuffledSubarray(losers, { minLength: losers.length }),
      fc.array(fc.nat(losers.length - 1)),
      (order, again) => {
        const replica = openReplica(shard, nodeId(2), []);
        for (const loser of order) take(replica, [loser], 0);
        for (const n of again) take(replica, losers.slice(n, n + 1), 0);
        const held = [...replica.registers.values()].map(({ stamp }) => stamp.wall);
        assert.deepEqual(
          held.sort((a, b) => a - b),
          losers.slice(-losersMax).map(({ stamp }) => stamp.wall),
        );
      },
    ),
  );
});

test("what is sent bit by bit ends as the same replica as what is sent whole", () => {
  const register = fc
    .tuple(fc.constantFrom("a", "b", "spec/", "run/"), fc.nat(4), fc.nat(2), fc.boolean())
    .map(([key, wall, n, isGone]): Register => {
      const stamp = { wall, counter: key.charCodeAt(0), origin: nodeId(n) };
      return { key, value: isGone ? undefined : `${wall} ${n}`, stamp, seen: [] };
    });
  fc.assert(
    fc.property(
      fc.uniqueArray(register, { selector: ({ key, stamp }) => `${key} ${JSON.stringify(stamp)}` }),
      (writes) => {
        const source = openReplica(shard, nodeId(7), []);
        const bitByBit = openReplica(shard, nodeId(8), []);
        const whole = openReplica(shard, nodeId(9), []);
        for (const write of writes) {
          take(source, [write], 0);
          take(bitByBit, [write], 0);
        }
        take(whole, [...source.registers.values()], 0);
        assert.deepEqual(listRegisters(whole, ""), listRegisters(source, ""));
        assert.deepEqual(bitByBit.digest, source.digest);
        assert.deepEqual(whole.digest, source.digest);
      },
    ),
  );
});
