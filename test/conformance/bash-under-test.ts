/** The bash provider, as the conformance suite wants it: with cgroups where they are to be had. */
import { silentLog } from "../../src/core/log.ts";
import { createBash } from "../../src/providers/bash/bash.ts";
import { impersonateShim } from "./impersonate-shim.ts";
import type { ProviderUnderTest } from "./under-test.ts";

const { PATH = "/usr/bin:/bin", HOME = "/" } = process.env;

export function bashUnderTest(cgroups: boolean, module: string): ProviderUnderTest {
  return {
    name: cgroups ? "bash" : "bash without cgroups",
    module,
    create: (folder) =>
      createBash({ folder, node: "conformance", env: { PATH, HOME }, log: silentLog, cgroups }),
    params: (script) => ({ command: script }),
    badParams: [
      { input: undefined, paths: ["params"] },
      { input: [], paths: ["params"] },
      { input: {}, paths: ["params.command"] },
      { input: { command: " \n" }, paths: ["params.command"] },
      {
        input: { command: 7, comand: "x", image: "y" },
        paths: ["params.command", "params.comand", "params.image"],
      },
      { input: { command: "a\0b" }, paths: ["params.command"] },
    ],
    processesPerTask: 2, // The shim, and what it runs.
    impersonate: impersonateShim,
  };
}

export const underTest = bashUnderTest(true, import.meta.url);
