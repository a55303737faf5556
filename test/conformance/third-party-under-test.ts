/** The documentation's provider in a process of its own, as a node has it: all goes over the channel. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { silentLog } from "../../src/core/log.ts";
import { offersOf } from "../../src/providers/live-providers.ts";
import type { Provider } from "../../src/providers/provider.ts";
import { createProviders } from "../../src/providers/registry.ts";
import { writeBatchProvider } from "../support/batch-provider.ts";
import type { ProviderUnderTest } from "./under-test.ts";

const { PATH = "/usr/bin:/bin", HOME = "/" } = process.env;

/** The provider that a node in `folder` has of a module. @throws Error with why it has none */
export async function createThirdParty(
  folder: string,
  module: string,
  type: string,
): Promise<Provider> {
  const options = { wanted: [module], folder: join(folder, "tasks"), node: "tested" };
  const made = await createProviders({ ...options, env: { PATH, HOME }, log: silentLog });
  const provider = made.met.get(type);
  if (provider === undefined) throw new Error(offersOf(made).refused[0]?.reason);
  return provider;
}

export const underTest: ProviderUnderTest = {
  name: "batch, in a process of its own",
  module: import.meta.url,
  async create(folder) {
    mkdirSync(folder, { recursive: true });
    return await createThirdParty(folder, await writeBatchProvider(folder), "batch");
  },
  below: "tasks/batch",
  params: (script) => ({ script }),
  badParams: [],
  skips: {
    "refuses bad parameters with the path of every error":
      "its process is asked for that: see the unit tests",
  },
  processesPerTask: 2, // The shim, and what it runs.
  crashes: { rounds: 4, tasks: 8, everyMs: 2 },
};
