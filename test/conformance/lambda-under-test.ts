/** The lambda provider, for the bench of the conformance suite: a task is a function. */
import { silentLog } from "../../src/core/log.ts";
import { createLambda } from "../../src/providers/lambda/lambda.ts";
import type { ProviderUnderTest } from "./under-test.ts";

const { PATH = "/usr/bin:/bin", HOME = "/" } = process.env;

/** The script is the function's code, or all of its parameters as JSON. */
export const underTest: ProviderUnderTest = {
  name: "lambda",
  module: import.meta.url,
  create: (folder) => createLambda({ folder, node: "test", env: { PATH, HOME }, log: silentLog }),
  params: (script) => (script.startsWith("{") ? JSON.parse(script) : { code: script }),
  badParams: [],
  processesPerTask: 2, // The shim, and the host.
};
