import assert from "node:assert/strict";
import { test } from "node:test";
import { asServiceName } from "../../src/core/ids.ts";
import { shardCount, shardOf } from "../../src/ring/ranking.ts";
import { keys } from "../../src/services/keys.ts";
import { StoreNetwork } from "./store-network.ts";

const size = 100;
const services = Array.from({ length: 10_000 }, (_, n) => `s${String(n).padStart(5, "0")}`);

/** The smallest of a service's records: a million of them are held in the end. */
function recordOf(name: string) {
  const value = { uid: "0123456789abcdef", run: "running" };
  return { key: keys.runState(asServiceName(name)), value };
}

/** One service of each shard, and the others: a disk is searched for a shard as long as it has little. */
function byFirstOfShard(): readonly (readonly string[])[] {
  const firsts = new Map<number, string>();
  for (const name of services) {
    const shard = shardOf(name);
    if (!firsts.has(shard)) firsts.set(shard, name);
  }
  return [[...firsts.values()], services.filter((name) => firsts.get(shardOf(name)) !== name)];
}

test("over 100 nodes with 10,000 services a list touches each shard once, and no other node", async () => {
  const network = new StoreNetwork(size);
  await network.start();
  for (const written of byFirstOfShard()) {
    const { replicas } = await network.write(written.map(recordOf));
    assert.equal(replicas, 3);
  }
  await network.run(1_000); // What is on its way to those that do not acknowledge.
  const readsSoFar = () =>
    network.nodes.flatMap(({ records }) => [...records.reads.values()]).reduce((a, b) => a + b, 0);
  for (const { records } of network.nodes) {
    const [sent, before] = [network.sent, readsSoFar()];
    const listed = records.list({ kinds: new Set(["run"]) });
    assert.deepEqual(
      listed.map(({ key }) => key),
      services.map((name) => `run/${name}`),
    );
    assert.equal(records.reads.size, shardCount);
    assert.deepEqual([...new Set(records.reads.values())], [1]);
    assert.equal(readsSoFar() - before, shardCount);
    assert.equal(network.sent, sent);
  }
});
