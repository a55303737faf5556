/**
 * Join tokens and rotation as a user meets them: two users' nodes on one host, each with a MOB_HOME of
 * its own, are two machines as far as keys are concerned.
 */
import assert from "node:assert/strict";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { NodeView } from "../../src/api/shapes.ts";
import type { KeysView } from "../../src/api/trust-shapes.ts";
import { eventually } from "../support/eventually.ts";
import { bash, Lab, type MobNode } from "../support/mob-node.ts";

async function token(node: MobNode): Promise<string> {
  return (await node.mob("token", "join")).trim();
}

async function sees(node: MobNode, count: number): Promise<void> {
  await eventually(async () => {
    const nodes = await node.json<NodeView[]>("nodes");
    return nodes.filter(({ state }) => state === "alive").length === count;
  }, `${count} live nodes`);
}

/** A member of a network, and a machine that is to join it. */
async function two(t: TestContext) {
  const [here, there] = [await Lab.open(t), await Lab.open(t)];
  return { here, there, member: await here.start() };
}

test("a new machine joins by a token alone, and services go both ways", async (t) => {
  const { there, member } = await two(t);
  const joined = await there.start({ args: ["--token", await token(member)] });
  await sees(member, 2);
  await member.deploy(bash("web", "sleep 1000"));
  await joined.until("web", "running");
  const keyFile = join(there.home, "network.key");
  assert.equal(statSync(keyFile).mode & 0o777, 0o600);
  assert.equal(
    readFileSync(keyFile, "utf8"),
    readFileSync(join(member.lab.home, "network.key"), "utf8"),
  );
});

test("a running node with nothing of its own joins by a token; a used one is refused, saying by whom", async (t) => {
  const { there, member } = await two(t);
  const fresh = await there.start();
  const text = await token(member);
  await fresh.mob("join", "--token", text);
  await sees(member, 2);
  const again = await fresh.try("join", "--token", text);
  assert.equal(again.code, 5);
  assert.match(again.stderr, /was used at .* by node [0-9a-f]{32}, and is good once/);
});

test("a node with a service of its own is not moved to another network, and keeps it", async (t) => {
  const { there, member } = await two(t);
  const settled = await there.start();
  await settled.deploy(bash("own", "sleep 1000"));
  await settled.until("own", "running");
  const refused = await settled.try("join", "--token", await token(member));
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /not moved there: it has services: own\. Start a new node/);
  await settled.until("own", "running");
});

test("a node that missed a rotation comes back by a token, with its services", async (t) => {
  const { there, member } = await two(t);
  const other = await there.start({ args: ["--token", await token(member)] });
  await sees(member, 2);
  const old = (await member.json<KeysView>("key", "list")).keys[0]?.id ?? "";
  await other.crash();
  await eventually(async () => {
    const { away } = await member.json<KeysView>("key", "list");
    return away.length === 1;
  }, "the other to be away");
  const { keys } = await member.json<KeysView>("key", "install");
  const fresh = keys.find(({ state }) => state === "installed")?.id ?? "";
  await member.mob("key", "use", fresh);
  await member.mob("key", "remove", old);
  const early = await member.try("key", "remove", fresh);
  assert.match(early.stderr, /is in use: install another and use that before/);

  await other.start();
  await other.mob("join", "--token", await token(member));
  await sees(member, 2);
  assert.deepEqual(
    (await other.json<KeysView>("key", "list")).keys.map(({ id }) => id),
    [fresh],
  );
});

test("after a leak the keys are replaced: who has an old one is out until given a token", async (t) => {
  const { there, member } = await two(t);
  const other = await there.start({ args: ["--token", await token(member)] });
  await sees(member, 2);
  await member.mob("key", "replace");
  await sees(member, 1);
  const refused = await other.try("join", `127.0.0.1:${member.port}`);
  assert.match(refused.stderr, /with another key by now.*mob token join/s);
  await other.mob("join", "--token", await token(member));
  await sees(member, 2);
});
