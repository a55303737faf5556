import assert from "node:assert/strict";
import { test } from "node:test";
import type { InstanceView, NodeView } from "../../src/api/shapes.ts";
import { eventually } from "../support/eventually.ts";
import { Lab, type MobNode } from "../support/mob-node.ts";

async function states(node: MobNode): Promise<string> {
  const nodes = await node.json<NodeView[]>("nodes");
  return nodes
    .map(({ state }) => state)
    .sort()
    .join();
}

test("the weight of a node is known to the others", async (t) => {
  const lab = await Lab.open(t);
  const a = await lab.start();
  await lab.start({ args: ["--weight", "2.5", "--join", `127.0.0.1:${a.port}`] });
  const weights = async () => (await a.json<NodeView[]>("nodes")).map(({ weight }) => weight);
  await eventually(async () => (await weights()).sort().join() === "1,2.5", "the other's weight");
});

test("a node that has left and is started again runs nothing of its old network", async (t) => {
  const lab = await Lab.open(t);
  const [a, b] = await lab.pair();
  const service = { provider: "bash", params: { command: "exec sleep 1000" } };
  const wanted = ["one", "two", "three", "four"].map((name) => ({ name, ...service }));
  for (const one of wanted) await a.deploy(one);
  await b.mob("leave");
  await b.start();
  const own = { name: "own", ...service };
  await b.deploy(own);
  const names = async (node: MobNode) =>
    (await node.json<InstanceView[]>("ls")).map(({ name, state }) => `${name} ${state}`).sort();
  assert.deepEqual(await names(b), ["own running"]);
  const running = wanted.map(({ name }) => `${name} running`).sort();
  assert.deepEqual(await names(a), running);
  await b.mob("join", `127.0.0.1:${a.port}`);
  await eventually(
    async () => (await names(b)).join() === [...running, "own running"].sort().join(),
    "b to know all services",
  );
});

test("a killed node is away, comes back by itself, leaves, and is forgotten", async (t) => {
  const [a, b] = await (await Lab.open(t)).pair();
  await b.crash();
  await eventually(async () => (await states(a)) === "alive,away", "b to be away");
  const away = await a.try("nodes", "forget", `127.0.0.1:${b.port}`);
  assert.equal(away.code, 3);
  await b.start();
  await eventually(async () => (await states(a)) === "alive,alive", "b to be back");
  const [name] = (await b.json<NodeView[]>("nodes"))
    .filter(({ address }) => address.endsWith(`:${b.port}`))
    .map((node) => node.name);
  assert.ok(name !== undefined);
  const live = await a.try("nodes", "forget", name);
  assert.equal(live.code, 1);
  assert.match(live.stderr, /is alive: stop it, or have it leave, first/);
  const left = await b.try("leave");
  assert.equal(left.code, 0);
  assert.match(left.stdout, /has left its network and stopped/);
  await eventually(async () => (await states(a)) === "alive,left", "b to have left");
  await a.mob("nodes", "forget", name);
  assert.equal(await states(a), "alive");
});
