import assert from "node:assert/strict";
import { test } from "node:test";
import type { InstanceView, NodeView, ServiceDetail } from "../../src/api/shapes.ts";
import { eventually } from "../support/eventually.ts";
import { bash, Lab, type MobNode } from "../support/mob-node.ts";
import { processAlive } from "../support/process-alive.ts";

const pidOf = ({ handle }: InstanceView): number => Number(handle["pid"]);

async function instancesOf(node: MobNode): Promise<readonly InstanceView[]> {
  return (await node.json<ServiceDetail>("show", "web")).instances;
}

function settled(node: MobNode, what: string, isIt: (all: readonly InstanceView[]) => boolean) {
  return eventually(async () => {
    const all = await instancesOf(node);
    return all.every(({ state }) => state === "running") && isIt(all) ? all : undefined;
  }, what);
}

test("several instances: scaled, everywhere, each with its own output, and moved off a drained node", async (t) => {
  const lab = await Lab.open(t);
  const [a, b] = await lab.pair();
  const spec = bash("web", 'echo "I am $$"; exec sleep 1000', { instances: 2 });
  await a.deploy(spec);
  const [first, second] = await settled(a, "two to run", (all) => all.length === 2);
  assert.ok(first !== undefined && second !== undefined);
  assert.notEqual(first.node, second.node);

  const scaled = await b.mob("scale", "web", "4");
  assert.match(scaled, /web: updated, generation 2/);
  const four = await settled(b, "four to run", (all) => all.length === 4);
  assert.deepEqual(
    four.slice(0, 2).map(pidOf),
    [pidOf(first), pidOf(second)],
    "those that are there are left alone",
  );
  const logs = await a.mob("logs", "web");
  for (const one of four) assert.ok(logs.includes(`I am ${pidOf(one)}`));
  const alone = await a.mob("logs", "web", "--slot", "1");
  assert.equal(alone, `I am ${pidOf(second)}\n`);

  await a.mob("scale", "web", "1");
  assert.deepEqual((await instancesOf(a)).map(pidOf), [pidOf(first)]);
  assert.deepEqual(four.map(pidOf).filter(processAlive), [pidOf(first)]);

  await a.mob("scale", "web", "everywhere");
  const both = await settled(a, "one on each node", (all) => all.length === 2);
  const c = await lab.start();
  await c.mob("join", `127.0.0.1:${a.port}`);
  const all = await settled(a, "the third node to have one", (now) => now.length === 3);
  assert.equal(new Set(all.map(({ node }) => node)).size, 3);
  assert.ok(both.map(pidOf).every((pid) => all.some((one) => pidOf(one) === pid)));

  await a.deploy(spec);
  const [one, two] = await settled(a, "two to be left", (now) => now.length === 2);
  assert.ok(one !== undefined && two !== undefined && one.node !== null);
  const drained = await a.mob("drain", one.node);
  assert.match(drained, /drained/);
  assert.ok(!processAlive(pidOf(one)), "it was ended before the answer came");
  const moved = await settled(c, "two to run elsewhere", (now) => now.length === 2);
  assert.ok(moved.every(({ node }) => node !== one.node));
  assert.ok(
    moved.some((now) => pidOf(now) === pidOf(two)),
    "the other one is left alone",
  );
  const nodes = await c.json<NodeView[]>("nodes");
  assert.deepEqual(
    nodes.filter((node) => node.drained).map(({ name }) => name),
    [one.node],
  );
  await a.mob("undrain", one.node);
  assert.ok((await a.json<NodeView[]>("nodes")).every((node) => !node.drained));
});

test("a node that leaves has others take over what it runs, and stays where something cannot be moved", async (t) => {
  const [a, b] = await (await Lab.open(t)).pair();
  const [name = ""] = (await a.json<NodeView[]>("nodes"))
    .filter(({ address }) => address.endsWith(`:${b.port}`))
    .map((node) => node.name);
  const here = { placement: { constraints: [`node.name == ${name}`] } };
  await a.deploy(bash("held", "exec sleep 1000", here));
  await a.deploy(bash("web", "exec sleep 1000", { instances: 2 }));
  await settled(a, "both to run", (now) => now.length === 2);
  const stays = await b.try("leave");
  assert.equal(stays.code, 1);
  assert.match(
    stays.stderr,
    /it has not left, and is drained: held 0: no node can take it.*mob leave --now/s,
  );
  await settled(a, "web to have moved", (now) => now.every(({ node }) => node !== name));
  await a.mob("rm", "held");
  const left = await b.try("leave");
  assert.equal(left.code, 0, left.stderr);
  assert.match(left.stdout, /has left its network and stopped; no service runs on it/);
  assert.equal((await settled(a, "web to run on", (now) => now.length === 2)).length, 2);
  const known = await a.json<NodeView[]>("nodes");
  assert.ok(known.every(({ drained }) => !drained));
});

test("what cannot move is told with the reason, and a wrong number with what is wrong", async (t) => {
  const a = await (await Lab.open(t)).start();
  await a.deploy(bash("web", "exec sleep 1000"));
  const [name = ""] = (await a.json<NodeView[]>("nodes")).map((node) => node.name);
  const drained = await a.try("drain", name);
  assert.equal(drained.code, 1);
  assert.match(drained.stdout, /web +0 +stays .* no node can take it: .* is drained/);
  assert.equal((await instancesOf(a))[0]?.state, "running");
  const wrong = await a.try("scale", "web", "many");
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /instances "many" should be a whole number from 0, or everywhere/);
  const nobody = await a.try("scale", "nobody", "3");
  assert.match(nobody.stderr, /there is no service nobody/);
  assert.match((await a.try("drain", "nobody")).stderr, /there is no node nobody/);
});
