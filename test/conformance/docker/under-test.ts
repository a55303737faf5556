/** The docker provider, as the conformance suite wants it. */
import { createDocker } from "../../../src/providers/docker/docker.ts";
import { containersUnderTest } from "../containers-under-test.ts";

export const underTest = containersUnderTest(
  "docker",
  import.meta.url,
  "DOCKER_HOST",
  createDocker,
);
