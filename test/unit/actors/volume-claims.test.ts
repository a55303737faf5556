import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { VolumeClaims } from "../../../src/actors/volume-claims.ts";
import { VolumeTable } from "../../../src/actors/volume-table.ts";
import { asInstanceId, asNodeId } from "../../../src/core/ids.ts";
import { silentLog } from "../../../src/core/log.ts";
import { volumeFolders } from "../../../src/node/volume-folders.ts";
import { createBash } from "../../../src/providers/bash/bash.ts";
import { Mounts } from "../../../src/providers/glusterfs/mounts.ts";
import type { Provider } from "../../../src/providers/provider.ts";
import type { VolumeWish } from "../../../src/services/volumes.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const [here, there] = [asNodeId("a".repeat(32)), asNodeId("b".repeat(32))];
const [first, second] = [asInstanceId("1".repeat(16)), asInstanceId("2".repeat(16))];
const data: readonly VolumeWish[] = [{ from: "data", at: "/srv/data", kind: "local" }];
const { PATH = "/usr/bin:/bin" } = process.env;

/** A node's claims, and those of its later lives on the same folder. */
async function machine(t: TestContext, home = here) {
  let bash: Provider | undefined;
  const alive = setInterval(() => {}, 1_000); // A watched task alone keeps no process running.
  t.after(async () => {
    clearInterval(alive);
    for (const one of [first, second]) await bash?.remove(one);
    await bash?.close();
  });
  const folder = await tempFolder(t);
  const provider = createBash({
    folder: join(folder, "bash"),
    node: here,
    env: { PATH },
    log: silentLog,
  }) as Provider;
  bash = provider;
  const volumes = new VolumeTable();
  const begin = () =>
    new VolumeClaims({
      log: silentLog,
      node: here,
      catalog: { volumes, nodeName: (id) => id, service: () => undefined },
      folders: volumeFolders(join(folder, "volumes")),
      mounts: new Mounts({
        folder: join(folder, "mounts"),
        network: "1".repeat(64),
        env: { PATH },
      }),
      providers: new Map([["bash", provider]]),
      async settle(name) {
        const record = { name, kind: "local", node: home, atMs: 1 } as const;
        volumes.take(name, record);
        return record;
      },
    });
  const run = (instance: typeof first) =>
    provider.start(
      instance,
      { command: "while :; do sleep 1; done" },
      { service: "db", attempt: 1, env: {}, logs: { fileBytesMax: 10_000, filesMax: 1 } },
    );
  return { begin, run, provider, folder: join(folder, "volumes", "data") };
}

test("a volume is made when it is first claimed, and its data is what the next one finds", async (t) => {
  const { begin, folder } = await machine(t);
  const claims = begin();
  assert.ok(!existsSync(folder));
  const [given] = await claims.claim(first, data);
  assert.deepEqual(given, { name: "data", folder: join(folder, "data"), at: "/srv/data" });
  writeFileSync(join(folder, "data", "file"), "kept");
  await claims.release(first);
  await claims.claim(second, data);
  assert.equal(readFileSync(join(folder, "data", "file"), "utf8"), "kept");
});

test("what one instance may still use is given to no other, in a later life of the node neither", async (t) => {
  const { begin, run, provider } = await machine(t);
  await begin().claim(first, data);
  await run(first);
  for (const claims of [begin(), begin()]) {
    await claims.claim(first, data); // Its own again.
    await assert.rejects(claims.claim(second, data), {
      code: "unavailable",
      message: `volume data is in use by instance ${first}`,
    });
    await assert.rejects(claims.remove("data", { mayGo() {}, forget: async () => {} }), {
      code: "conflict",
    });
  }
  await provider.remove(first);
  // No one has told it: no engine knows the instance any more.
  await begin().claim(second, data);
});

test("of many that claim it at once one has it", async (t) => {
  const { begin, run } = await machine(t);
  const claims = begin();
  await run(first);
  await run(second);
  const outcomes = await Promise.allSettled(
    [first, second, first, second].map((instance) => claims.claim(instance, data)),
  );
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ["fulfilled", "rejected", "fulfilled", "rejected"],
  );
});

test("one that lives on another node is not made here", async (t) => {
  const { begin, folder } = await machine(t, there);
  await assert.rejects(begin().claim(first, data), { message: `volume data is on ${there}` });
  assert.ok(!existsSync(folder));
});

test("one that is a service which is not deployed is not mounted", async (t) => {
  const { begin } = await machine(t);
  const shared: readonly VolumeWish[] = [{ from: "shop/shared", at: "/srv", kind: "glusterfs" }];
  const claims = begin();
  await assert.rejects(claims.claim(first, shared), {
    code: "unavailable",
    message: "volume shop/shared is not deployed",
  });
  await claims.release(first);
});

test("a volume that is removed is gone with its data, if it may go", async (t) => {
  const { begin, folder } = await machine(t);
  const claims = begin();
  await claims.claim(first, data);
  const mayGo = () => {
    throw new Error("it is needed");
  };
  const forget = async () => "forgotten";
  await assert.rejects(claims.remove("data", { mayGo, forget }), /it is needed/);
  assert.ok(existsSync(folder));
  assert.equal(await claims.remove("data", { mayGo() {}, forget }), "forgotten");
  assert.ok(!existsSync(folder));
});
