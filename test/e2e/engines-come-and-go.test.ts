/** Engines that are started, killed and started again under nodes that run, through the commands. */
import assert from "node:assert/strict";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { ActionResult } from "../../src/api/results.ts";
import type { ProviderView } from "../../src/api/shapes.ts";
import { writeBatchProvider } from "../support/batch-provider.ts";
import { busyboxImage } from "../support/busybox-root.ts";
import { DockerEngine, whyNoDocker } from "../support/docker-engine.ts";
import { skipWithout } from "../support/engine-needed.ts";
import { eventually } from "../support/eventually.ts";
import { Lab, type MobNode } from "../support/mob-node.ts";
import { processAlive } from "../support/process-alive.ts";
import { providerProcess } from "../support/provider-process.ts";

const skip = skipWithout(whyNoDocker());

/** A look at an engine that nobody uses comes within a minute. */
const patienceMs = 180_000;

/** What `asked` tells of the provider of that type on `on`, once it is, or is not, available there. */
async function told(
  asked: MobNode,
  on: MobNode,
  type: string,
  available: boolean,
): Promise<ProviderView> {
  const name = (node: string) => node.startsWith(`${on.port}@`);
  const find = async () => {
    const all = await asked.json<ProviderView[]>("providers");
    return all.find((one) => one.type === type && name(one.node) && one.available === available);
  };
  return await eventually(find, `${type} to be ${available ? "there" : "away"}`, patienceMs);
}

const params = { image: busyboxImage, command: "sleep 10000" };

/** One of Docker's that can be ended and started, and nodes that look for it. */
async function openEngine(t: TestContext) {
  const engine = await DockerEngine.open();
  t.after(() => engine.close());
  const lab = await Lab.open(t, { DOCKER_HOST: `unix://${engine.socketPath}` });
  return { engine, lab };
}

test("a node whose engine is started, killed and started again tells so, and runs what waits for it", {
  skip,
}, async (t) => {
  const { engine, lab } = await openEngine(t);
  await engine.stop();
  const other = await lab.start();
  const args = ["--join", `127.0.0.1:${other.port}`];
  const node = await lab.start({ providers: "docker", args });
  assert.match(node.printed, /^not offered: docker: Docker does not answer: /m);
  const away = await told(other, node, "docker", false);
  assert.match(away.reason ?? "", /^Docker does not answer: (nobody listens at|there is no) /);

  await other.deploy({ name: "first", provider: "docker", params });
  const waiting = await other.until("first", "pending");
  assert.match(waiting.reason ?? "", /docker: not available: Docker does not answer/);

  await engine.start();
  const back = await told(other, node, "docker", true);
  assert.match(back.version ?? "", /^\d/);
  assert.ok((back.since ?? 0) > (away.since ?? 0));
  const first = await other.until("first", "running");

  await engine.crash();
  const lost = await told(other, node, "docker", false);
  assert.ok((lost.since ?? 0) > (back.since ?? 0));
  assert.ok(processAlive(Number(first.handle["pid"])), "its tasks run on");
  await other.deploy({ name: "second", provider: "docker", params });
  await other.until("second", "pending");
  const { id, state } = (await other.instance("first")) ?? {};
  assert.deepEqual([id, state], [first.id, "running"], "what is placed stays");

  await node.crash();
  await node.start({ providers: "docker", args });
  await eventually(
    async () => (await other.instance("first"))?.reason?.includes("its engine does not tell"),
    "the node to say that it cannot look after it",
  );

  await engine.start();
  await told(node, node, "docker", true);
  await other.until("second", "running");
  const again = await eventually(
    async () => {
      const now = await other.instance("first");
      return now?.state === "running" && now.reason === undefined && now;
    },
    "the first to be looked after again",
    patienceMs,
  );
  assert.deepEqual([again.id, again.handle, again.restarts], [first.id, first.handle, 0]);
  await other.mob("rm", "first", "second");
  await eventually(async () => (await engine.docker("ps", "-aq")) === "", "nothing left");
});

test("what is removed while its engine is away is told to run on, and is ended once that is back", {
  skip,
}, async (t) => {
  const { engine, lab } = await openEngine(t);
  const node = await lab.start({ providers: "docker" });
  const stop = { signal: "SIGKILL", grace: "0s" };
  await node.deploy({ name: "web", provider: "docker", params, stop });
  const pid = await node.taskPid("web");
  await engine.crash();
  const away = await told(node, node, "docker", false);
  const { reason, engineAwaySince } = (await node.instance("web")) ?? {};
  assert.match(reason ?? "", /^its engine does not tell how it is: Docker does not answer: /);
  assert.equal(engineAwaySince, away.since);

  const [removed] = await node.json<ActionResult[]>("rm", "web");
  assert.equal(removed?.result, "removed");
  assert.match(removed?.state ?? "", /^(running|stopping)$/, "the last that its node has told");
  const why =
    /^what runs on \S+ cannot be ended before its engine is back: Docker does not answer: /;
  assert.match(removed?.reason ?? "", why);
  assert.deepEqual(await node.json("ls"), []);
  assert.ok(processAlive(pid), "it runs on");
  await engine.start();
  await eventually(async () => (await engine.docker("ps", "-aq")) === "", "its end");
});

test("a third party's provider is offered once its module can be loaded, and told while it is away", async (t) => {
  const lab = await Lab.open(t);
  const later = join(lab.home, "later");
  await mkdir(later);
  const module = join(lab.home, "batch.js");
  const node = await lab.start({ providers: `bash,${module}` });
  const refused = await told(node, node, module, false);
  assert.match(refused.reason ?? "", /cannot be loaded/);
  await rename(await writeBatchProvider(later), module);
  await told(node, node, "batch", true);
  assert.deepEqual(
    (await node.json<ProviderView[]>("providers")).map(({ type }) => type),
    ["bash", "batch"],
  );
  await node.deploy({ name: "long", provider: "batch", params: { script: "sleep 10000" } });
  const { handle } = await node.until("long", "running");

  await writeFile(module, "throw new Error('its author is not done');");
  process.kill(await providerProcess(node), "SIGKILL");
  const away = await told(node, node, "batch", false);
  assert.match(away.reason ?? "", /^the provider batch is away/);
  await rename(await writeBatchProvider(later), module);
  await told(node, node, "batch", true);
  assert.deepEqual((await node.instance("long"))?.handle, handle);
});
