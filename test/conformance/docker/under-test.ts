/** The docker provider, as the conformance suite wants it, on the engine that the test has started. */
import { createHash } from "node:crypto";
import { silentLog } from "../../../src/core/log.ts";
import { createDocker } from "../../../src/providers/docker/docker.ts";
import { busyboxImage } from "../../support/busybox-root.ts";
import { badContainerParams } from "../container-params.ts";
import type { ProviderUnderTest } from "../under-test.ts";

export const underTest: ProviderUnderTest = {
  name: "docker",
  module: import.meta.url,
  create(folder) {
    const node = createHash("sha256").update(folder).digest("hex").slice(0, 32);
    const { DOCKER_HOST = "" } = process.env; // The processes of owners have it too.
    return createDocker({ folder, node, env: { DOCKER_HOST }, log: silentLog });
  },
  params: (script, folder) => ({
    image: busyboxImage,
    command: ["sh", "-c", script],
    volumes: [`${folder}:${folder}`],
    pull: "never",
  }),
  badParams: badContainerParams,
  processesPerTask: 1,
  crashes: { tasks: 2, everyMs: 60 },
  skips: {
    "gives children their grace although their parent is gone at once":
      "a container ends with its main process",
  },
};
