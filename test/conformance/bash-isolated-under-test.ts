/** The bash provider, with tasks that are isolated from their machine. */
import { underTest as bash } from "./bash-under-test.ts";
import type { ProviderUnderTest } from "./under-test.ts";

export const underTest: ProviderUnderTest = {
  ...bash,
  name: "bash, isolated",
  module: import.meta.url,
  params: (script, folder) => ({ command: script, isolation: { writable: [folder] } }),
  badParams: [
    {
      input: { command: "true", isolation: { network: 1, writable: ["data", "/"], read: [] } },
      paths: [
        "params.isolation.network",
        "params.isolation.writable[0]",
        "params.isolation.writable[1]",
        "params.isolation.read",
      ],
    },
    { input: { command: "true", isolation: "strict" }, paths: ["params.isolation"] },
  ],
  crashes: { rounds: 4, tasks: 3, everyMs: 20 },
  processesPerTask: 4, // The shim, bwrap outside and inside, and what it runs.
};
