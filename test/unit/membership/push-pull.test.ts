import assert from "node:assert/strict";
import { test } from "node:test";
import { settled, views } from "./members.ts";

const never = 1_000_000_000;

test("news that gossip did not bring to everyone is asked for as soon as answers go on telling of it", () => {
  const size = 64;
  // Each tells it once and to one: far too few.
  const scant = { retransmitFactor: 0, gossipNodes: 1, pushPullMs: never };
  const viewsAfter = (ms: number, differMs: number) => {
    const network = settled(size, { membership: { ...scant, differMs }, isTraced: false });
    const facts = { providers: [], labels: { change: "1" }, version: "1" };
    network.feed(0, { kind: "facts-changed", facts });
    network.run(ms);
    return new Set(views(network)).size;
  };
  assert.equal(viewsAfter(60_000, never), 2, "gossip alone does not reach everyone here");
  assert.equal(viewsAfter(30_000, 2_000), 1);
});

test("nodes that know the same, and news on its way, cause no exchange", () => {
  const network = settled(10, { membership: { pushPullMs: never }, isTraced: false });
  let syncs = 0;
  network.onMessage = ({ kind }) => {
    if (kind === "sync") syncs += 1;
  };
  for (let change = 0; change < 20; change++) {
    const facts = { providers: [], labels: { change: `${change}` }, version: "1" };
    network.feed(change % 10, { kind: "facts-changed", facts });
    network.run(3_000);
  }
  assert.equal(syncs, 0);
});
