/** A volume as a service, and services that mount it, through the commands on real nodes and a real pool. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, type TestContext, test } from "node:test";
import { skipWithout } from "../support/engine-needed.ts";
import { eventually } from "../support/eventually.ts";
import { GlusterPool, poolHost, whyNoGluster } from "../support/gluster-pool.ts";
import { bash, Lab, type MobNode } from "../support/mob-node.ts";

const skip = skipWithout(whyNoGluster());
let pool: GlusterPool;

before(async () => {
  if (skip === false) pool = await GlusterPool.open();
});
after(() => pool?.close());

const providers = "bash,glusterfs";

/** What waits for gluster, whose commands take seconds on a busy machine. */
const patienceMs = 300_000;

async function twoNodes(t: TestContext): Promise<readonly [Lab, MobNode, MobNode]> {
  const lab = await Lab.open(t, {}, pool.enter);
  const [a, b] = [await lab.start({ providers }), await lab.start({ providers })];
  await a.mob("join", `127.0.0.1:${b.port}`);
  return [lab, a, b];
}

/** However long its node is away, nothing is moved. */
const patient = { restart_grace: "1h" };

/** A volume of two bricks that hold the same. */
function volume(name: string): object {
  const folders = [0, 1].map((i) => join(pool.bricks, `${name}-${i}`));
  for (const folder of folders) mkdirSync(folder, { recursive: true });
  const bricks = folders.map((folder) => `${poolHost}:${folder}`);
  return { name, provider: "glusterfs", params: { bricks, replica: 2, force: true }, ...patient };
}

test("several nodes write to a volume, which outlives a brick, glusterd and a node, and leaves nothing mounted", {
  skip,
}, async (t) => {
  const [lab, a, b] = await twoNodes(t);
  const nodes = [a, b];
  const at = join(lab.home, "shared");
  const shared = [{ from: "shared", at, kind: "glusterfs" }];
  const write = `echo "$MOB_INSTANCE" >>${at}/starts; while :; do sleep 1; done`;
  await b.deploy(bash("early", write, { volumes: shared }));
  const waiting = await eventually(async () => {
    const early = await b.instance("early");
    return early?.reason?.includes("shared") && early;
  }, "it to wait");
  assert.equal(waiting.state, "pending");
  assert.match(waiting.reason ?? "", /waits for shared \(is not deployed\)/);

  await a.deploy(volume("shared"));
  const { handle } = await a.untilItRuns("shared", patienceMs);
  const name = String(handle["volume"]);
  assert.deepEqual(await pool.volumes(), [name]);
  await b.untilItRuns("early", patienceMs);
  const lines = () => pool.run("cat", `${at}/starts`).then((text) => text.trimEnd().split("\n"));
  await eventually(
    async () => (await lines().catch(() => [])).length === 1,
    "its first line",
    patienceMs,
  );
  await a.mob("rm", "early");
  await eventually(() => pool.mounts().length === 0, "nothing mounted", patienceMs);
  assert.ok(!readdirSync(lab.home).includes("shared"));

  // One on each node: each in a place of its own, since the machine is one.
  for (const [index, node] of nodes.entries()) {
    const own = join(lab.home, `shared-${index}`);
    const placement = { constraints: [`node.name == ${await nameOf(node)}`] };
    const volumes = [{ from: "shared", at: own, kind: "glusterfs" }];
    const script = `echo ${index} >>${own}/starts; while :; do sleep 1; done`;
    await a.deploy(bash(`writer-${index}`, script, { volumes, placement, ...patient }));
    await a.untilItRuns(`writer-${index}`, patienceMs);
  }
  const points = nodes.map(({ dataFolder }) => join(dataFolder, "mounts", name, "data")).sort();
  assert.deepEqual([...pool.mounts()].sort(), points);
  const [point = ""] = points;
  await eventually(
    async () => {
      const all = (await pool.run("cat", join(point, "starts"))).trimEnd().split("\n");
      return all.length === 3 && all.slice(1).sort().join() === "0,1";
    },
    "what all have written",
    patienceMs,
  );

  const [pid = 0] = await pool.brickPids(name);
  process.kill(pid, "SIGKILL");
  const degraded = await eventually(
    async () => {
      const now = await a.instance("shared");
      return now?.reason?.includes("not online") && now;
    },
    "word of the brick",
    patienceMs,
  );
  assert.deepEqual([degraded.state, degraded.healthy], ["running", null]);
  await pool.run("sh", "-c", `echo last >>${point}/starts`);

  await pool.crash();
  await pool.start();
  await eventually(
    async () => (await b.instance("shared"))?.reason === undefined,
    "all bricks",
    patienceMs,
  );
  await eventually(
    () => {
      const copies = [0, 1].map((i) => join(pool.bricks, `shared-${i}`, name, "starts"));
      const texts = copies.map((copy) => (existsSync(copy) ? readFileSync(copy, "utf8") : ""));
      return texts[0] === texts[1] && texts[0]?.endsWith("last\n");
    },
    "both copies to be the same",
    patienceMs,
  );

  const before = await a.json("ls");
  for (const node of nodes) await node.crash();
  assert.deepEqual([...pool.mounts()].sort(), points);
  for (const node of nodes) await node.start({ providers });
  for (const service of ["shared", "writer-0", "writer-1"]) {
    await a.untilItRuns(service, patienceMs);
  }
  await eventually(
    async () => {
      const seen = await a.json<readonly object[]>("ls");
      return JSON.stringify(seen) === JSON.stringify(before);
    },
    "all to be as before",
    patienceMs,
  );

  await a.mob("rm", "writer-0", "writer-1");
  await eventually(() => pool.mounts().length === 0, "nothing mounted", patienceMs);
  await a.mob("rm", "shared");
  await eventually(async () => (await pool.volumes()).length === 0, "no volume", patienceMs);
  assert.ok(existsSync(join(pool.bricks, "shared-0", name, "starts")), "its data is left");
  for (const { dataFolder } of nodes) assert.deepEqual(readdirSync(join(dataFolder, "mounts")), []);
});

async function nameOf(node: MobNode): Promise<string> {
  const all = await node.json<readonly { name: string; address: string }[]>("nodes");
  return all.find(({ address }) => address.endsWith(`:${node.port}`))?.name ?? "";
}
