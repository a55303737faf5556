/** The exec provider, with tasks that run as another user than the node. It takes root. */
import { chmodSync, existsSync } from "node:fs";
import { underTest as exec } from "./exec-under-test.ts";
import type { ProviderUnderTest } from "./under-test.ts";

export const underTest: ProviderUnderTest = {
  ...exec,
  name: "exec as another user",
  module: import.meta.url,
  create(folder) {
    if (existsSync(folder)) chmodSync(folder, 0o777); // The suite's scripts leave files in it.
    return exec.create(folder);
  },
  skips: {
    "gives a task its volume where it is to find it, start after start, and leaves its data alone":
      "volumes are in the node's data folder, which is closed to other users",
  },
  params: (script) => ({ program: "sh", args: ["-c", script], user: "nobody" }),
};
