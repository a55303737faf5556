/** The podman provider, as the conformance suite wants it. */
import { createPodman } from "../../../src/providers/podman/podman.ts";
import { containersUnderTest } from "../containers-under-test.ts";

export const underTest = containersUnderTest(
  "podman",
  import.meta.url,
  "CONTAINER_HOST",
  createPodman,
  {
    isSilentOnMemory: true,
    // The system resets the connection to conmon, a packet socket, of which it then gives out no packet more.
    losesOutputBesideInput: /^Error: read unixpacket .*: connection reset by peer\n$/,
  },
);
