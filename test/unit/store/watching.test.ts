import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { purgeAfterMs } from "../../../src/store/purging.ts";
import { compareMs } from "../../../src/store/repair.ts";
import { listRegisters } from "../../../src/store/replica.ts";
import {
  type Change,
  type Cursor,
  catchUp,
  cursorOf,
  follow,
  type Told,
  toldOf,
} from "../../../src/store/watching.ts";
import { StoreNetwork, type StoreNode } from "./network.ts";

/** A watch that follows one node, and may move to another with what it was told of each key. */
class Watch {
  readonly told: Change[] = [];
  readonly #network: StoreNetwork;
  #cursor: Cursor = new Map();
  #node: StoreNode | undefined;
  #read = 0;

  constructor(network: StoreNetwork) {
    this.#network = network;
  }

  /** Tells what the node has merged since it was last looked at. */
  look(): void {
    const changed = this.#node?.toldOf("changed") ?? [];
    for (const { registers } of changed.slice(this.#read)) {
      this.told.push(...follow(this.#cursor, registers));
    }
    this.#read = changed.length;
  }

  moveTo(node: StoreNode): void {
    this.look();
    const last = new Map(this.told.map((change): [string, Told] => [change.key, toldOf(change)]));
    const cursor = cursorOf([...last.values()]);
    assert.ok(cursor !== undefined);
    this.#cursor = cursor;
    this.#node = node;
    this.#read = node.toldOf("changed").length;
    const held = [...node.state.replica.registers.values()];
    this.told.push(...catchUp(cursor, held, node.knownHorizon, this.#network.now.wallMs));
  }

  /** What someone who has followed the watch knows. */
  get known(): ReadonlyMap<string, unknown> {
    const known = new Map<string, unknown>();
    for (const { key, value } of this.told) {
      if (value === undefined) known.delete(key);
      else known.set(key, value);
    }
    return known;
  }
}

test("a watch tells each write of a range as it comes, and each removal of what it told", () => {
  const network = new StoreNetwork(1);
  const watch = new Watch(network);
  const node = network.node(0);
  node.write("a", 1);
  watch.moveTo(node);
  node.write("a", 2);
  node.write("b", 3);
  node.write("a", undefined);
  node.write("never", undefined);
  watch.look();
  assert.deepEqual(
    watch.told.map(({ key, value }) => [key, value]),
    [
      ["a", 1],
      ["a", 2],
      ["b", 3],
      ["a", undefined],
    ],
  );
});

test("from node to node, over cuts and deaths, nothing is told twice and nothing is missed", () => {
  const node = fc.nat(2);
  const step = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ kind: fc.constant("write" as const), node, key: fc.nat(4) }),
    },
    { weight: 6, arbitrary: fc.record({ kind: fc.constant("deliver" as const), node }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("move" as const), node }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("lose" as const), node }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("partition" as const), node }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("heal" as const), node }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("purge" as const), node }) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60, size: "max" }), (steps) => {
      const network = new StoreNetwork(3);
      const watch = new Watch(network);
      watch.moveTo(network.node(0));
      steps.forEach((next, at) => {
        const chosen = network.node(next.node);
        if (next.kind === "write") chosen.write(`k${next.key}`, at % 4 === 0 ? undefined : at);
        else if (next.kind === "deliver") network.deliver(chosen);
        else if (next.kind === "move") watch.moveTo(chosen);
        else if (next.kind === "lose") chosen.outbox.shift();
        else if (next.kind === "partition") network.partition((n) => n <= next.node);
        else if (next.kind === "heal") network.heal();
        else {
          network.pass(2 * compareMs);
          network.pass(purgeAfterMs);
          for (const one of network.nodes) one.feed({ kind: "purge-due" });
        }
        watch.look();
      });
      network.heal();
      network.pass(purgeAfterMs);
      watch.moveTo(network.node(1));
      const told = watch.told
        .filter(({ value }) => value !== undefined)
        .map(({ key, stamp }) => `${key} ${JSON.stringify(stamp)}`);
      assert.equal(new Set(told).size, told.length, "told twice");
      const held = listRegisters(network.node(1).state.replica, "");
      const there = new Map(held.map(({ key, value }) => [key, value]));
      assert.deepEqual(new Map([...watch.known].sort()), new Map([...there].sort()));
    }),
    { numRuns: 200 },
  );
});

test("blank nodes that have met no one but each other tell of no removals", () => {
  const [network, strangers] = [new StoreNetwork(3), new StoreNetwork(2)];
  const watch = new Watch(network);
  network.node(0).write("k0", 1);
  network.node(0).write("k1", 1);
  network.settle();
  watch.moveTo(network.node(0));
  watch.moveTo(strangers.node(1));
  network.node(0).write("k0", undefined);
  network.settle();
  network.pass(2 * compareMs + purgeAfterMs);
  for (const one of network.nodes) one.feed({ kind: "purge-due" });
  network.settle();
  const keys = () => [...watch.known.keys()];
  watch.moveTo(strangers.node(0));
  assert.deepEqual(keys(), ["k0", "k1"]);
  watch.moveTo(network.node(2));
  assert.deepEqual(keys(), ["k1"], "where it was purged it is known");
});

test("what is no cursor is not taken for one", () => {
  const stamp = "1.2.abc";
  assert.ok(cursorOf([{ key: "k", stamp, removed: false }]) !== undefined);
  for (const row of [
    null,
    "k",
    [],
    { key: "k", stamp },
    { key: "k", stamp: 1, removed: false },
    { key: "k", stamp: "1.2", removed: false },
    { key: "k", stamp: "1.2.abc.d", removed: false },
    { key: "k", stamp: "-1.2.abc", removed: false },
    { key: "k", stamp: "9999999999999999.2.abc", removed: false },
    { key: 1, stamp, removed: false },
    { key: "k", stamp, removed: 1 },
  ]) {
    assert.equal(cursorOf([row]), undefined, JSON.stringify(row));
  }
});
