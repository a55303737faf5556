/** The exec provider, with tasks that are isolated from their machine, and have no network. */
import { underTest as exec } from "./exec-under-test.ts";
import type { ProviderUnderTest } from "./under-test.ts";

export const underTest: ProviderUnderTest = {
  ...exec,
  name: "exec, isolated",
  module: import.meta.url,
  params: (script, folder) => ({
    program: "sh",
    args: ["-c", script],
    isolation: { network: false, writable: [folder] },
  }),
  crashes: { rounds: 4, tasks: 3, everyMs: 20 },
  processesPerTask: 4, // The shim, bwrap outside and inside, and what it runs.
};
