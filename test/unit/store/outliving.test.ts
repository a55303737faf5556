import assert from "node:assert/strict";
import { test } from "node:test";
import { outlived } from "../../../src/store/outliving.ts";
import { StoreNetwork, type StoreNode } from "./network.ts";

/** Two nodes with a creation `a`, cut off from each other. */
function twoSides() {
  const network = new StoreNetwork(2);
  network.writer.write("spec/", { uid: "a" });
  network.settle();
  network.partition((n) => n === 0);
  return { network, one: network.node(0), other: network.node(1) };
}

function remove(node: StoreNode, uid: string): void {
  node.feed({
    kind: "write",
    id: 0,
    entries: [{ key: `removed//${uid}`, value: { uid } }, { key: "spec/" }],
  });
}

function heal(network: StoreNetwork): void {
  network.heal();
  network.settle();
  network.pass(30_000);
}

const again = (node: StoreNode) => outlived(node.state.replica);

test("a creation that lost to a later write of a removed one is to be written again", () => {
  const { network, one, other } = twoSides();
  remove(one, "a");
  network.wait(1);
  one.write("spec/", { uid: "b" });
  network.wait(1);
  other.write("spec/", { uid: "a", v: 2 });
  assert.deepEqual([...again(one), ...again(other)], []);
  heal(network);
  for (const node of network.nodes) {
    assert.deepEqual(again(node), [{ key: "spec/", value: { uid: "b" } }]);
  }
  for (const { key, value } of again(network.writer)) network.writer.write(key, value);
  network.settle();
  for (const node of network.nodes) {
    assert.deepEqual(node.state.replica.registers.get("spec/")?.value, { uid: "b" });
    assert.deepEqual(again(node), []);
  }
});

test("the last word counts: nothing comes back of a creation that was removed too", () => {
  const { network, one, other } = twoSides();
  remove(one, "a");
  network.wait(1);
  one.write("spec/", { uid: "b" });
  remove(one, "b");
  network.wait(1);
  other.write("spec/", { uid: "a", v: 2 });
  heal(network);
  for (const node of network.nodes) assert.deepEqual(again(node), []);
});

test("what had lost before the removal stays lost", () => {
  const { network, one, other } = twoSides();
  one.write("spec/", { uid: "b" });
  network.wait(1);
  other.write("spec/", { uid: "c" });
  heal(network);
  network.partition((n) => n === 0);
  remove(one, "c");
  network.wait(1);
  other.write("spec/", { uid: "c", v: 2 });
  heal(network);
  for (const node of network.nodes) {
    assert.deepEqual(node.state.replica.registers.get("spec/")?.value, { uid: "c", v: 2 });
    assert.deepEqual(again(node), []);
  }
});
