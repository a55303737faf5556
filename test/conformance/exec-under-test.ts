/** The exec provider, as the conformance suite wants it. */
import { silentLog } from "../../src/core/log.ts";
import { createExec } from "../../src/providers/exec/exec.ts";
import { impersonateShim } from "./impersonate-shim.ts";
import type { ProviderUnderTest } from "./under-test.ts";

const { PATH = "/usr/bin:/bin", HOME = "/" } = process.env;

export const underTest: ProviderUnderTest = {
  name: "exec",
  module: import.meta.url,
  create: (folder) =>
    createExec({ folder, node: "conformance", env: { PATH, HOME }, log: silentLog }),
  params: (script) => ({ program: "sh", args: ["-c", script] }),
  badParams: [
    { input: undefined, paths: ["params"] },
    { input: [], paths: ["params"] },
    { input: {}, paths: ["params.program"] },
    { input: { program: "" }, paths: ["params.program"] },
    { input: { program: "bin/server" }, paths: ["params.program"] },
    {
      input: {
        program: 7,
        args: ["x", { a: 1 }, "a\0b", "y".repeat(40_000)],
        cwd: "data",
        user: "a:b:c",
        arg: [],
        image: "y",
      },
      paths: [
        "params.program",
        "params.args[1]",
        "params.args[2]",
        "params.args[3]",
        "params.cwd",
        "params.user",
        "params.arg",
        "params.image",
      ],
    },
    { input: { program: "sh", args: "-c ls" }, paths: ["params.args"] },
  ],
  processesPerTask: 2, // The shim, and what it runs.
  impersonate: impersonateShim,
};
