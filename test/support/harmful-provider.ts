/** Providers of third parties in whose process a test can do harm. */
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { asInstanceId } from "../../src/core/ids.ts";
import { silentLog } from "../../src/core/log.ts";
import { createProviders } from "../../src/providers/registry.ts";
import type { Patience } from "../../src/providers/third-party/patience.ts";
import { eventually } from "./eventually.ts";
import { tempFolder } from "./temp-folder.ts";

const { PATH = "/usr/bin:/bin", HOME = "/" } = process.env;

/** The one that tests start tasks of. */
export const instance = asInstanceId("0".repeat(16));

/** What a node offers of `wanted`, until the end of the test. */
export async function openProviders(
  t: TestContext,
  folder: string,
  wanted: readonly string[],
  patience: Partial<Patience> = {},
) {
  const alive = setInterval(() => {}, 1_000); // A process of a provider alone keeps no other running.
  const options = { folder: join(folder, "tasks"), node: "test", env: { PATH, HOME }, patience };
  const providers = await createProviders({ ...options, wanted, log: silentLog });
  t.after(async () => {
    for (const provider of providers.made.values()) {
      await provider.remove(instance).catch(() => {});
    }
    await providers.close();
    clearInterval(alive);
  });
  return providers;
}

/** A provider with `members`, as source; what is not given does nothing. */
export async function harmful(t: TestContext, members: string, patience: Partial<Patience> = {}) {
  const folder = await tempFolder(t);
  const file = join(folder, "harmful.js");
  const source = `import { appendFileSync } from "node:fs";
    appendFileSync(${JSON.stringify(join(folder, "pids"))}, process.pid + "\\n");
    export const type = "harmful";
    const nothing = async () => {};
    let appeared = 0;
    export const createProvider = () => ({
      type, parseParams: (params) => params, start: async () => ({}), list: async () => [],
      probe: async () => ({ available: true, version: "1", features: [] }),
      adopt: nothing, output: nothing, forget: nothing, remove: nothing, close: nothing,
      ${members}
    });`;
  await writeFile(file, source);
  const providers = await openProviders(t, folder, [file], patience);
  const provider = providers.met.get("harmful");
  const { capabilities } = providers.looks()[0] ?? {};
  assert.ok(provider !== undefined && capabilities?.available, JSON.stringify(capabilities));
  const pids = async () => (await readFile(join(folder, "pids"), "utf8")).trim().split("\n");
  const { features } = capabilities;
  return { provider, providers, features, pids: async () => (await pids()).map(Number) };
}

/** Once its provider is back. */
export async function again<T>(ask: () => Promise<T>): Promise<T> {
  let answer: T | undefined;
  await eventually(async () => {
    try {
      answer = await ask();
      return true;
    } catch {
      return false;
    }
  }, "a provider that is back");
  return answer as T;
}
