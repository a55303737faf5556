/** The conformance suite, run for bash and exec with tasks that are isolated from their machine. */
import { test } from "node:test";
import { noIsolation } from "../support/no-isolation.ts";
import { underTest as bash } from "./bash-isolated-under-test.ts";
import { underTest as exec } from "./exec-isolated-under-test.ts";
import { describeProvider } from "./provider-suite.ts";

const skip = noIsolation();
for (const tested of [bash, exec]) {
  if (skip === false) describeProvider(tested);
  else test(tested.name, { skip }, () => {});
}
