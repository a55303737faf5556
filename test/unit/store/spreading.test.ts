import assert from "node:assert/strict";
import { test } from "node:test";
import type { NodeId } from "../../../src/core/ids.ts";
import { purgeAfterMs } from "../../../src/store/purging.ts";
import { StoreNetwork } from "./network.ts";

/** Eleven nodes, each connected with the next two of the ring on each side alone. */
function ringNetwork(): StoreNetwork {
  const network = new StoreNetwork(11);
  const places = new Map(network.nodes.map(({ id }, place) => [id, place]));
  network.isConnected = (a, b) => {
    const apart = Math.abs((places.get(a) ?? 0) - (places.get(b) ?? 0));
    return Math.min(apart, network.nodes.length - apart) <= 2;
  };
  network.wait(purgeAfterMs); // All have met long ago.
  return network;
}

const hasIt = (network: StoreNetwork, key: string) =>
  network.nodes.filter((node) => node.state.replica.registers.get(key)?.value === 1);

test("a write reaches everyone through those that are connected, and each of them once", () => {
  const network = ringNetwork();
  const { writer } = network;
  writer.write("k", 1);
  const told = new Map<NodeId, number>();
  for (const node of network.nodes) {
    const receive = node.receive.bind(node);
    node.receive = (from, message) => {
      if (message.kind === "store-delta" && !message.durable) {
        told.set(node.id, (told.get(node.id) ?? 0) + 1);
      }
      receive(from, message);
    };
  }
  network.settle();
  assert.equal(hasIt(network, "k").length, network.nodes.length);
  for (const [, times] of told) assert.equal(times, 1);
  assert.equal(writer.toldOf("written").length, 1);
});

test("a tombstone goes once every node has said so through others, and not where one was left out", () => {
  const network = ringNetwork();
  const { writer } = network;
  writer.write("k", 1);
  writer.write("k", undefined);
  network.settle();
  network.wait(purgeAfterMs);
  const [first, ...rest] = network.nodes.filter((node) => node !== writer);
  assert.ok(first !== undefined);
  // One of them knows nothing of another, which it would have to ask.
  const { place } = first.state;
  const unknown = place.live.filter((id) => id !== writer.id)[4];
  first.state.place = { ...place, live: place.live.filter((id) => id !== unknown) };
  for (const node of rest) assert.ok(node.state.place.live.length === network.nodes.length - 1);
  const missing = rest.find(({ id }) => id === unknown);
  assert.ok(missing !== undefined);
  network.nodes.forEach((node) => {
    // Whoever asks that one in its place is not heard.
    if (node !== first) network.cut.add(`${node.id} ${missing.id}`);
  });
  writer.feed({ kind: "purge-due" });
  network.settle();
  assert.ok(
    network.nodes.every((node) => node.disk.has("k")),
    "nobody forgets it",
  );

  network.cut.clear();
  first.state.place = place;
  writer.feed({ kind: "purge-due" });
  network.settle();
  for (const node of network.nodes) assert.equal(node.disk.has("k"), false);
});
