import assert from "node:assert/strict";
import { test } from "node:test";
import { purgeAfterMs } from "../../../src/store/purging.ts";
import { listRegisters } from "../../../src/store/replica.ts";
import { StoreNetwork, type StoreNode, shard } from "./network.ts";

/** Node 2 comes back with its disk as it was before `gone` was removed, and that forgotten, elsewhere. */
function restored(): { readonly network: StoreNetwork; readonly node: StoreNode } {
  const network = new StoreNetwork(3);
  network.node(0).write("kept", 1);
  network.node(0).write("gone", 1);
  network.settle();
  const node = network.node(2);
  const snapshot = new Map(node.disk);
  network.node(0).write("gone", undefined);
  network.settle();
  network.wait(purgeAfterMs);
  for (const one of network.nodes) one.feed({ kind: "purge-due" });
  network.settle();
  for (const { disk } of network.nodes) assert.equal(disk.has("gone"), false);
  node.disk.clear();
  for (const [key, register] of snapshot) node.disk.set(key, register);
  node.restart();
  node.told.length = 0;
  return { network, node };
}

const keysOf = ({ state }: StoreNode) => listRegisters(state.replica, "").map(({ key }) => key);

test("an old snapshot brings nothing back, and is shown until the others have told what is so", () => {
  const { network, node } = restored();
  node.feed({ kind: "blank" });
  node.feedRepair({ kind: "blank", shards: [shard] });
  assert.equal(node.disk.size, 0);
  assert.deepEqual(node.toldOf("changed"), []);
  network.heal();
  network.settle();
  for (const one of network.nodes) assert.deepEqual(keysOf(one), ["kept"]);
  const shown = node.toldOf("changed").flatMap(({ registers }) => registers);
  assert.deepEqual(
    shown.map(({ key, value }) => [key, value]),
    [
      ["kept", 1],
      ["gone", undefined],
    ],
  );
});

test("what was shown goes also where no one holds anything", () => {
  const network = new StoreNetwork(2);
  const node = network.node(1);
  network.partition((n) => n === 1);
  node.write("k", 1);
  node.feed({ kind: "blank" });
  node.feedRepair({ kind: "blank", shards: [shard] });
  node.told.length = 0;
  network.heal();
  network.settle();
  assert.deepEqual(
    node.toldOf("changed").flatMap(({ registers }) => registers.map(({ value }) => value)),
    [undefined],
  );
  for (const one of network.nodes) assert.deepEqual(keysOf(one), []);
});
