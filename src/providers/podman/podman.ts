/** The provider of Podman containers: Docker's driver, in Podman's dialect. */
import { existsSync } from "node:fs";
import { Containers } from "../docker/containers.ts";
import type { Dialect } from "../docker/dialect.ts";
import { type ContainerParams, declareContainerParams } from "../docker/params.ts";
import type { Provider, ProviderOptions } from "../provider.ts";
import { cgroupMemory } from "./cgroup-memory.ts";
import { logFile } from "./log-file.ts";

/** There exactly while systemd is the machine's init: sd_booted(3). */
const systemdFolder = "/run/systemd/system";

const podman: Dialect = {
  type: "podman",
  name: "Podman",
  hostVariable: "CONTAINER_HOST",
  /** Each user has an engine of their own; root's is the system's. */
  socketPath: ({ XDG_RUNTIME_DIR: ofUser }) =>
    ofUser === undefined || process.getuid?.() === 0
      ? "/run/podman/podman.sock"
      : `${ofUser}/podman/podman.sock`,
  /** It has timers of systemd run each check; without them a status stays what it is at the start. */
  whyNoOwnHealth: () =>
    existsSync(systemdFolder)
      ? undefined
      : "Podman has systemd's timers run the checks of images, and systemd does not run here",
  // Without a bound: where there is one, it throws away the whole of a log that has reached it.
  log: () => ({ Type: "k8s-file", Config: {} }),
  // Up to 4.6 its figures are with the page cache, and do not tell how much that is.
  memoryOf: cgroupMemory,
  logSource: (_engine, { logPath }) => logFile(logPath),
};

export const podmanParams = declareContainerParams("podman");

/** @throws Unavailable when the folder cannot be made, or CONTAINER_HOST is no Unix socket of this host */
export function createPodman(options: ProviderOptions): Provider<ContainerParams> {
  return new Containers(options, podman, podmanParams);
}
