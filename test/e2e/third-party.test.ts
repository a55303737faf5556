/** Providers of third parties through the commands: the one of docs/providers.md, as it stands there. */
import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { getPriority } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { ProviderView } from "../../src/api/shapes.ts";
import { documented, writeBatchProvider } from "../support/batch-provider.ts";
import { eventually } from "../support/eventually.ts";
import { Lab } from "../support/mob-node.ts";
import { processAlive } from "../support/process-alive.ts";
import { providerProcess } from "../support/provider-process.ts";

const batch = (name: string, script: string, more: object = {}) => ({
  name,
  provider: "batch",
  params: { script },
  ...more,
});

test("the documentation's provider runs from its file, beside Mob's own, over crashes of both processes", async (t) => {
  const lab = await Lab.open(t);
  const providers = `bash,${await writeBatchProvider(lab.home)}`;
  const node = await lab.start({ providers });
  assert.match(node.printed, /^providers: bash, batch$/m);
  const offered = await node.json<ProviderView[]>("providers");
  const [, own] = offered.sort((a, b) => (a.type < b.type ? -1 : 1));
  assert.deepEqual([own?.type, own?.available, own?.node], ["batch", true, offered[0]?.node]);
  assert.match(own?.version ?? "", /\d/);

  await node.deploy(batch("thumbnails", "nice; while :; do sleep 0.1; done"));
  const pid = await node.taskPid("thumbnails");
  const niceness = `${Math.min(getPriority() + 10, 19)}\n`; // Ten more than that of whoever runs the tests.
  assert.equal(await eventually(() => node.mob("logs", "thumbnails"), "its output"), niceness);

  const first = await providerProcess(node);
  process.kill(first, "SIGKILL");
  await eventually(() => !processAlive(first), "the end of the provider's process");
  await eventually(async () => (await providerProcess(node).catch(() => 0)) > 0, "the next one");
  assert.equal(await node.taskPid("thumbnails"), pid);

  await node.crash();
  await node.start({ providers });
  assert.equal(await node.taskPid("thumbnails"), pid);
  await node.mob("stop", "thumbnails");
  assert.deepEqual((await node.instance("thumbnails"))?.exit, { signal: "SIGTERM", byMob: true });
  assert.ok(!processAlive(pid));
});

test("its parameters are checked by the deploy, and known to nodes that do not offer it", async (t) => {
  const lab = await Lab.open(t);
  const node = await lab.start({ providers: await writeBatchProvider(lab.home) });
  const other = await lab.start();
  await other.mob("join", `127.0.0.1:${node.port}`);
  const wrong = JSON.stringify(batch("jobs", "true", { params: { scirpt: "true" } }));
  const refused = await node.try("deploy", wrong);
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /params\.scirpt: unknown key/);
  assert.match(refused.stderr, /params\.script: must be text/);
  await other.deploy(batch("jobs", "sleep 1000"));
  assert.equal((await other.until("jobs", "running")).provider, "batch");
});

test("a package is found where the node is started; what cannot be loaded is told, and the node runs", async (t) => {
  const lab = await Lab.open(t);
  const folder = join(lab.home, "node_modules/@acme/mob-provider-batch");
  await mkdir(folder, { recursive: true });
  const manifest = { name: "@acme/mob-provider-batch", type: "module", exports: "./batch.js" };
  await writeFile(join(folder, "package.json"), JSON.stringify(manifest));
  await writeFile(join(folder, "batch.js"), documented("batch.js"));
  await writeFile(join(lab.home, "empty.js"), "");
  const node = await lab.start({
    providers: "bash,@acme/mob-provider-batch,./empty.js",
    cwd: lab.home,
  });
  const empty = join(lab.home, "empty.js");
  const reason = "it does not export type, a word like acme, or createProvider, a function";
  assert.match(node.printed, /^providers: bash, batch$/m);
  assert.ok(node.printed.includes(`not offered: ${empty}: ${reason}\n`), node.printed);
  const offered = await node.json<ProviderView[]>("providers");
  const told = offered.find(({ type }) => type === empty);
  assert.deepEqual([told?.available, told?.reason], [false, reason]);
});
