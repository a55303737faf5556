/** What docker and podman bring to the conformance suite, on the engine that the test has started. */
import { createHash } from "node:crypto";
import { silentLog } from "../../src/core/log.ts";
import type { Provider, ProviderOptions } from "../../src/providers/provider.ts";
import { busyboxImage, checkedImage } from "../support/busybox-root.ts";
import { badContainerParams } from "./container-params.ts";
import type { ProviderUnderTest } from "./under-test.ts";

/** @param variable of the environment, which processes of owners inherit: where the engine listens */
export function containersUnderTest(
  name: string,
  module: string,
  variable: "DOCKER_HOST" | "CONTAINER_HOST",
  make: (options: ProviderOptions) => Provider,
  more: Partial<ProviderUnderTest> = {},
): ProviderUnderTest {
  const checked = (script: string, folder: string) => ({
    image: checkedImage,
    command: ["sh", "-c", script],
    volumes: [`${folder}:${folder}`, `${folder}:/checked`],
    pull: "never",
  });
  return {
    name,
    module,
    create(folder) {
      const node = createHash("sha256").update(folder).digest("hex").slice(0, 32);
      const env = { [variable]: process.env[variable] ?? "" };
      return make({ folder, node, env, log: silentLog });
    },
    params: (script, folder) => ({
      image: busyboxImage,
      command: ["sh", "-c", script],
      volumes: [`${folder}:${folder}`],
      pull: "never",
    }),
    checkedParams: checked,
    badParams: badContainerParams,
    processesPerTask: 1,
    crashes: { rounds: 6, tasks: 2, everyMs: 150 },
    ...more,
    skips: {
      "gives children their grace although their parent is gone at once":
        "a container ends with its main process",
    },
  };
}
