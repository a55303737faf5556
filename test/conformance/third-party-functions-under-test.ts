/** A provider of functions in a process of its own, as a node has it. */
import { fileURLToPath } from "node:url";
import { underTest as lambda } from "./lambda-under-test.ts";
import { createThirdParty } from "./third-party-under-test.ts";
import type { ProviderUnderTest } from "./under-test.ts";

const file = fileURLToPath(new URL("third-party-functions.ts", import.meta.url));

export const underTest: ProviderUnderTest = {
  ...lambda,
  name: "functions, in a process of their own",
  module: import.meta.url,
  create: (folder) => createThirdParty(folder, file, "functions"),
};
