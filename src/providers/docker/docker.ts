/** The provider of Docker containers. */
import type { Provider, ProviderOptions } from "../provider.ts";
import { Containers } from "./containers.ts";
import { docker } from "./dialect.ts";
import { type ContainerParams, dockerParams } from "./params.ts";

/** @throws Unavailable when the folder cannot be made, or DOCKER_HOST is no Unix socket of this host */
export function createDocker(options: ProviderOptions): Provider<ContainerParams> {
  return new Containers(options, docker, dockerParams);
}
