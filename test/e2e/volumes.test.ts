/** Volumes of real tasks on real nodes: data that outlives what uses it, in one place, with one writer. */
import assert from "node:assert/strict";
import { existsSync, lstatSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { NodeView, VolumeView } from "../../src/api/shapes.ts";
import { eventually } from "../support/eventually.ts";
import { bash, Lab, type MobNode } from "../support/mob-node.ts";

/** Adds a line to a file of its volume at each start. */
const counting = (at: string, word: string) =>
  `echo ${word} >> ${at}/starts; while true; do sleep 1; done`;

/** The lines of the file at that place, once there are so many. */
function lines(at: string, count: number): Promise<readonly string[]> {
  return eventually(() => {
    const path = join(at, "starts");
    const all = existsSync(path) ? readFileSync(path, "utf8").trimEnd().split("\n") : [];
    return all.length >= count && all;
  }, `${count} starts at ${at}`);
}

async function nameOf(node: MobNode): Promise<string> {
  const all = await node.json<NodeView[]>("nodes");
  const own = all.find(({ address }) => address.endsWith(`:${node.port}`));
  return own?.name ?? assert.fail("it does not know itself");
}

test("data outlives restarts, crashes of the node, updates and the service, and goes when asked by name", async (t) => {
  const lab = await Lab.open(t);
  const [a, b] = await lab.pair();
  const at = join(lab.home, "db-data");
  const volumes = [{ from: "data", at }];
  const db = (word: string) => bash("db", counting(at, word), { volumes });
  // Anywhere: it is on one of the two from then on.
  await a.deploy(db("first"));
  const { node: home } = await a.until("db", "running");
  const [here, there] = home === (await nameOf(a)) ? [a, b] : [b, a];
  assert.deepEqual(await lines(at, 1), ["first"]);
  const folder = join(here.dataFolder, "volumes", "data", "data");
  assert.equal(readlinkSync(at), folder);
  assert.ok(!existsSync(join(there.dataFolder, "volumes")));

  await there.mob("restart", "db");
  await lines(at, 2);
  await here.crash();
  await here.start();
  await here.until("db", "running");
  await there.deploy(db("updated"));
  assert.deepEqual(await lines(at, 3), ["first", "first", "updated"]);

  await there.mob("rm", "db");
  assert.ok(!existsSync(at));
  assert.throws(() => lstatSync(at), "no link is left");
  const unused: VolumeView = { name: "data", kind: "local", node: home ?? "", service: null };
  assert.deepEqual(await there.json("volumes"), [unused]);
  // As full as it is: what is the emptier node does not count.
  for (const name of ["one", "two", "three"]) {
    const placement = { constraints: [`node.name == ${home}`] };
    await here.deploy(bash(name, "exec sleep 1000", { placement }));
  }
  await there.deploy(db("again"));
  assert.equal((await there.until("db", "running")).node, home);
  assert.equal((await lines(at, 4)).at(-1), "again");

  const used = await there.try("volumes", "rm", "data");
  assert.equal(used.code, 1);
  assert.match(used.stderr, /volume data is that of db/);
  await there.mob("rm", "db");
  assert.ok(existsSync(folder));
  assert.match(await there.mob("volumes", "rm", "data"), /^volume data was deleted/);
  assert.ok(!existsSync(join(here.dataFolder, "volumes", "data")));
  assert.deepEqual(await here.json("volumes"), []);
  assert.equal((await here.try("volumes", "rm", "data")).code, 3);
});

test("what names a volume of a node that was forgotten begins with an empty one elsewhere", async (t) => {
  const lab = await Lab.open(t);
  const [a, b] = await lab.pair();
  const at = join(lab.home, "db-data");
  const db = bash("db", counting(at, "started"), { volumes: [{ from: "data", at }] });
  await a.deploy(db);
  const { node: home = "" } = await a.until("db", "running");
  const [here, there] = home === (await nameOf(a)) ? [a, b] : [b, a];
  await lines(at, 1);
  await there.mob("rm", "db");
  await here.crash();
  await eventually(
    async () => (await there.json<NodeView[]>("nodes")).some(({ state }) => state === "away"),
    "its node to be away",
  );
  await there.mob("nodes", "forget", home ?? "");
  const [left] = await there.json<VolumeView[]>("volumes");
  assert.equal(left?.node, home, "it keeps its name where it is told of");
  await there.deploy(db);
  const next = await nameOf(there);
  assert.equal((await there.until("db", "running")).node, next);
  assert.deepEqual(await lines(at, 1), ["started"]);
  const volume: VolumeView = { name: "data", kind: "local", node: next, service: "db" };
  assert.deepEqual(await there.json("volumes"), [volume]);
});
