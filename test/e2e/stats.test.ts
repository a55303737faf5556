/** What tasks use, through the commands: of instances on two nodes, one of which is killed. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { NodeView, ProviderView } from "../../src/api/shapes.ts";
import type { StatsView } from "../../src/api/stats-shapes.ts";
import { eventually } from "../support/eventually.ts";
import { bash, Lab, type MobNode } from "../support/mob-node.ts";

async function nameOf(node: MobNode, { port }: MobNode): Promise<string> {
  const nodes = await node.json<NodeView[]>("nodes");
  const found = nodes.find(({ address }) => address.endsWith(`:${port}`));
  assert.ok(found !== undefined);
  return found.name;
}

/** Those of `names`, by node and then by name. */
async function statsOf(node: MobNode, ...names: string[]): Promise<StatsView[]> {
  const key = ({ node: at, name }: StatsView) => `${at} ${name}`;
  const all = await node.json<StatsView[]>("stats", ...names);
  return all.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
}

test("what tasks use is told through either node, and on over the death of one and the crash of the other", async (t) => {
  const [a, b] = await (await Lab.open(t)).pair();
  const [here, there] = [await nameOf(a, a), await nameOf(a, b)];
  const everywhere = { instances: "everywhere", restart_grace: "1h" };
  await a.deploy({
    name: "shop",
    services: [
      bash("busy", "while :; do :; done", everywhere),
      bash("idle", "sleep 1000 & exec sleep 1000", everywhere),
    ],
  });
  await a.deploy(bash("off", "exec sleep 1000"));
  await a.mob("stop", "off");
  // What has just begun may not be what it is to be; and what else the machine does may leave a busy one little.
  const isAsItIs = ({ name, cpuPercent, processes }: StatsView) =>
    name === "shop/busy"
      ? (cpuPercent ?? 0) > 1 && processes === 1
      : cpuPercent !== null && cpuPercent <= 1 && processes === 2;
  for (const node of [a, b]) {
    const rows = await eventually(async () => {
      const told = await statsOf(node, "shop");
      return told.length === 4 && told.every(isAsItIs) && told;
    }, "figures of all four");
    assert.deepEqual(
      rows.map(({ node: at, name, state, reason }) => [at, name, state, reason]),
      [here, there]
        .toSorted()
        .flatMap((at) =>
          ["shop/busy", "shop/idle"].map((name) => [at, name, "running", undefined]),
        ),
    );
    for (const row of rows) {
      assert.ok((row.memoryBytes ?? 0) > 0 && (row.uptimeMs ?? 0) > 0);
      assert.deepEqual([row.memoryBytesMax, row.cpuPercentMax], [null, null]);
    }
  }
  const [one, ...others] = await statsOf(b, "shop/busy/0");
  assert.deepEqual([one?.name, one?.slot, others.length], ["shop/busy", 0, 0]);
  const [off] = await statsOf(b, "off");
  assert.deepEqual([off?.state, off?.cpuPercent, off?.reason], ["stopped", null, "it is stopped"]);
  assert.match(await a.mob("stats"), /^NAME +SLOT +NODE +PROVIDER +CPU +MEMORY +PROCESSES +UP/);
  const nobody = await a.try("stats", "off", "nobody");
  assert.deepEqual([nobody.code, /there is no service nobody/.test(nobody.stderr)], [3, true]);
  const offered = await a.json<ProviderView[]>("providers");
  assert.ok(offered.every(({ features }) => features.includes("stats")));

  await b.crash();
  const rows = await eventually(async () => {
    const all = await statsOf(a);
    const lost = all.filter(({ node, name }) => node === there && name !== "off");
    const isTold = lost.every(({ reason }) => reason?.includes(`node ${there} is away`));
    return lost.length === 2 && isTold && all;
  }, "the death of the other node");
  const own = rows.filter(({ node, name }) => node === here && name !== "off");
  assert.equal(own.length, 2);
  assert.ok(own.every(({ memoryBytes }) => (memoryBytes ?? 0) > 0));
  assert.ok(rows.every(({ node, memoryBytes }) => node !== there || memoryBytes === null));

  await a.crash();
  await a.start();
  const [busy] = await eventually(async () => {
    const all = await statsOf(a, "shop/busy");
    const mine = all.filter(({ node }) => node === here);
    return mine[0]?.cpuMs !== null && mine;
  }, "what was taken over to be told");
  assert.ok((busy?.cpuMs ?? 0) > 0);
});
