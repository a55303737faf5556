import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Unavailable } from "../../../src/core/errors.ts";
import { inPieces, pieceUnitsMax } from "../../../src/store/leaves.ts";
import { compareMs } from "../../../src/store/repair.ts";
import { listRegisters, readValue } from "../../../src/store/replica.ts";
import { pendingWritesMax, writeMsMax } from "../../../src/store/writing.ts";
import { nodeId, StoreNetwork } from "./network.ts";

const hashes = (network: StoreNetwork) => new Set(network.nodes.map(({ root }) => root));

test("a write reaches every live node, and is told there as a change", () => {
  const network = new StoreNetwork(3);
  network.node(0).write("k", { a: 1 });
  network.settle();
  for (const node of network.nodes) {
    assert.deepEqual(readValue(node.state.replica, "k"), { a: 1 });
    assert.equal(node.toldOf("changed").length, 1);
    assert.ok(node.disk.has("k"));
  }
});

test("a write of a lone node is acknowledged when it is flushed, not before", () => {
  const network = new StoreNetwork(1);
  const node = network.node(0);
  node.isDiskHeld = true;
  node.write("k", 1, 7);
  assert.deepEqual(node.toldOf("written"), []);
  const [flush] = node.flushes;
  assert.ok(flush !== undefined);
  node.flushed(flush);
  const [written] = node.toldOf("written");
  assert.equal(written?.id, 7);
  assert.deepEqual(written?.receipt, { acks: [node.id], replicas: 1, partitioned: false });
});

test("of three nodes two must have flushed, the writer among them", () => {
  const network = new StoreNetwork(3);
  const [writer, ...others] = network.nodes;
  assert.ok(writer !== undefined);
  for (const other of others) other.isDiskHeld = true;
  writer.write("k", 1);
  network.settle();
  assert.deepEqual(writer.toldOf("written"), []);
  const [other] = others;
  const [flush] = other?.flushes ?? [];
  assert.ok(other !== undefined && flush !== undefined);
  other.flushed(flush);
  network.settle();
  const { receipt } = writer.toldOf("written")[0] ?? {};
  assert.deepEqual(receipt, { acks: [writer.id, other.id], replicas: 3, partitioned: false });

  writer.isDiskHeld = true;
  for (const node of others) node.isDiskHeld = false;
  writer.write("k", 2);
  network.settle();
  assert.equal(writer.toldOf("written").length, 1);
});

test("a write whose peers die is acknowledged by those that are left", () => {
  const network = new StoreNetwork(3);
  const writer = network.node(0);
  network.cut.add(`${writer.id} ${nodeId(1)}`).add(`${writer.id} ${nodeId(2)}`);
  writer.write("k", 1);
  network.settle();
  assert.deepEqual(writer.toldOf("written"), []);
  network.see(writer, () => false);
  const { receipt } = writer.toldOf("written")[0] ?? {};
  assert.deepEqual(receipt, { acks: [writer.id], replicas: 1, partitioned: true });
});

test("a lost delta is sent again until it is acknowledged", () => {
  const network = new StoreNetwork(2);
  const writer = network.node(0);
  writer.write("k", 1);
  writer.outbox.length = 0;
  network.settle();
  assert.deepEqual(writer.toldOf("written"), []);
  network.pass(1_000);
  assert.equal(writer.toldOf("written").length, 1);
});

test("a write that no majority takes ends with an unknown outcome", () => {
  const network = new StoreNetwork(2);
  const writer = network.node(0);
  network.cut.add(`${writer.id} ${nodeId(1)}`);
  writer.write("k", 1, 3);
  network.pass(writeMsMax);
  const failed = writer.toldOf("failed");
  assert.deepEqual(
    failed.map(({ id, error }) => [id, error.code]),
    [[3, "outcome_unknown"]],
  );
});

test("a flush that fails leaves the outcome of its write unknown, told at once and once", () => {
  const network = new StoreNetwork(1);
  const node = network.node(0);
  node.isDiskHeld = true;
  node.write("k", 1, 4);
  const [flush] = node.flushes;
  assert.ok(flush !== undefined);
  const error = new Unavailable("disk full");
  node.flushFailed(flush, error);
  node.flushed(flush);
  const told = node.told.filter(({ kind }) => kind !== "changed");
  assert.equal(told.length, 1);
  const [failed] = node.toldOf("failed");
  assert.equal(failed?.id, 4);
  assert.equal(failed?.error.code, "outcome_unknown");
  assert.match(failed?.error.message ?? "", /not durable: disk full/);
});

test("several entries of one write are acknowledged together", () => {
  const network = new StoreNetwork(2);
  const entries = [{ key: "a", value: 1 }, { key: "b", value: 2 }, { key: "c" }];
  network.node(0).feed({ kind: "write", id: 1, entries });
  network.settle();
  assert.equal(network.node(0).toldOf("written")[0]?.registers.length, 3);
  assert.equal(readValue(network.node(1).state.replica, "b"), 2);
});

test("more writes than may wait are refused", () => {
  const network = new StoreNetwork(1);
  const node = network.node(0);
  node.isDiskHeld = true;
  for (let id = 0; id <= pendingWritesMax; id++) node.write(`k${id}`, 1, id);
  const [failed] = node.toldOf("failed");
  assert.equal(failed?.id, pendingWritesMax);
  assert.equal(readValue(node.state.replica, `k${pendingWritesMax}`), undefined);
});

test("an acknowledgement of an earlier life acknowledges nothing of this one", () => {
  const network = new StoreNetwork(2);
  const [writer, other] = [network.node(0), network.node(1)];
  other.isDiskHeld = true;
  writer.write("k", 1, 1);
  network.settle();
  writer.restart();
  network.meet();
  writer.write("k", 2, 1);
  const [old] = other.flushes;
  assert.ok(old !== undefined);
  other.flushed(old);
  network.settle();
  assert.deepEqual(writer.toldOf("written"), []);
});

test("a write from a clock over 60 s ahead is neither taken nor acknowledged", () => {
  const network = new StoreNetwork(2);
  const [ahead, right] = [network.node(0), network.node(1)];
  const now = network.now;
  network.now = { ...now, wallMs: now.wallMs + 61_000 };
  ahead.write("k", 1);
  network.now = now;
  network.settle();
  assert.equal(readValue(right.state.replica, "k"), undefined);
  assert.deepEqual(right.toldOf("clock-ahead"), [
    { kind: "clock-ahead", origin: ahead.id, aheadMs: 61_000 },
  ]);
  assert.deepEqual(ahead.toldOf("written"), []);
});

test("a write that is late to a later one, which its writer has not seen, is not acknowledged", () => {
  const network = new StoreNetwork(3);
  const [writer, other, third] = [0, 1, 2].map((n) => network.node(n));
  assert.ok(writer !== undefined && other !== undefined && third !== undefined);
  network.cut.add(`${other.id} ${writer.id}`);
  const { now } = network;
  network.now = { ...now, wallMs: now.wallMs + 10_000 };
  other.write("k", "later");
  network.settle();
  network.cut.clear();
  network.now = now; // The writer's clock is behind.
  writer.write("k", "late");
  network.settle();
  assert.deepEqual(writer.toldOf("written"), []);
  const [failed] = writer.toldOf("failed");
  assert.match(failed?.error.message ?? "", /a later write of k, by 0{31}1, is held here/);
  assert.equal(readValue(third.state.replica, "k"), "later");
});

test("a node that was away gets what it missed, and gives what it had, when it is back", () => {
  const network = new StoreNetwork(3);
  network.partition((n) => n === 2);
  for (let n = 0; n < 50; n++) network.node(0).write(`here${n}`, n);
  for (let n = 0; n < 50; n++) network.node(2).write(`there${n}`, n);
  network.settle();
  network.heal();
  network.settle();
  assert.equal(hashes(network).size, 1);
  assert.equal(listRegisters(network.node(1).state.replica, "").length, 100);
});

test("one comparison, begun by either side, repairs both", () => {
  for (const beginner of [0, 1]) {
    const network = new StoreNetwork(2);
    network.partition((n) => n === 1);
    network.node(0).write("a", 1);
    network.node(1).write("b", 2);
    network.settle();
    network.cut.clear();
    network.node(beginner).feedRepair({
      kind: "peer-up",
      peer: network.node(1 - beginner).id,
    });
    network.settle();
    assert.equal(hashes(network).size, 1);
    assert.equal(listRegisters(network.node(0).state.replica, "").length, 2);
  }
});

test("a conflict over a partition is told on both sides, with the loser", () => {
  const network = new StoreNetwork(2);
  network.partition((n) => n === 1);
  network.node(0).write("k", "old");
  network.now = { ...network.now, wallMs: network.now.wallMs + 1 };
  network.node(1).write("k", "new");
  network.heal();
  network.settle();
  for (const node of network.nodes) {
    assert.equal(readValue(node.state.replica, "k"), "new");
    assert.deepEqual(
      node.toldOf("conflict").map(({ loser }) => loser.value),
      ["old"],
    );
  }
});

test("nodes that agree exchange hashes alone", () => {
  const network = new StoreNetwork(2);
  network.node(0).write("k", "x".repeat(10_000));
  network.settle();
  const kinds = new Set<string>();
  network.now = { ...network.now, monoMs: network.now.monoMs + compareMs };
  for (const node of network.nodes) {
    node.feedRepair({ kind: "tick", draw: 0 });
    for (const { message } of node.outbox) kinds.add(message.kind);
  }
  assert.deepEqual([...kinds], ["store-digest"]);
  network.deliver(network.node(0));
  assert.deepEqual(
    network
      .node(1)
      .outbox.map(({ message }) => message)
      .at(-1),
    { kind: "store-roots", isSame: true, roots: [] },
  );
  network.settle();
  assert.equal(network.node(1).toldOf("changed").length, 1);
});

test("a large state is sent in pieces below a mebibyte", () => {
  const network = new StoreNetwork(1);
  const node = network.node(0);
  for (let n = 0; n < 40; n++) node.write(`k${n}`, "é".repeat(100_000));
  const registers = listRegisters(node.state.replica, "");
  const pieces = inPieces(registers);
  assert.deepEqual(pieces.flat(), registers);
  for (const piece of pieces) {
    assert.ok(JSON.stringify(piece).length <= pieceUnitsMax + piece.length + 2);
    assert.ok(Buffer.byteLength(JSON.stringify(piece)) < 1024 * 1024);
  }
  assert.deepEqual(inPieces([]), []);
  node.write("huge", "x".repeat(pieceUnitsMax * 2));
  const huge = node.state.replica.registers.get("huge");
  assert.ok(huge !== undefined);
  assert.deepEqual(inPieces([huge, huge]), [[huge], [huge]]);
});

test("whatever is written, lost, cut off and restarted, all replicas are equal once it is quiet", () => {
  const node = fc.nat(3);
  const step = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ kind: fc.constant("write" as const), node, key: fc.nat(4) }),
    },
    { weight: 6, arbitrary: fc.record({ kind: fc.constant("deliver" as const), node }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("lose" as const), node }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("partition" as const), node }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("heal" as const), node }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("restart" as const), node }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("pass" as const), node }) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60, size: "max" }), (steps) => {
      const network = new StoreNetwork(4);
      steps.forEach((next, at) => {
        const chosen = network.node(next.node);
        if (next.kind === "write") chosen.write(`k${next.key}`, at % 5 === 0 ? undefined : at);
        else if (next.kind === "deliver") network.deliver(chosen);
        else if (next.kind === "lose") chosen.outbox.shift();
        else if (next.kind === "partition") network.partition((n) => n <= next.node);
        else if (next.kind === "heal") network.heal();
        else if (next.kind === "restart") chosen.restart();
        else network.pass(1_000);
      });
      network.heal();
      network.pass(12_000);
      assert.equal(hashes(network).size, 1);
      const [first, ...others] = network.nodes.map(({ state }) => listRegisters(state.replica, ""));
      for (const other of others) assert.deepEqual(other, first);
      for (const { state, disk } of network.nodes) {
        assert.deepEqual(new Map([...disk].sort()), new Map([...state.replica.registers].sort()));
        assert.equal(state.pending.size, 0);
      }
    }),
    { numRuns: 200 },
  );
});
