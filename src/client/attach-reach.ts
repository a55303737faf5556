/** How a node is reached by a WebSocket: the same ways, and as the same client, as by HTTP. */
import { connect } from "node:net";
import { formatApiToken } from "../trust/api-token.ts";
import type { Reach } from "./attach-link.ts";
import { addressText, type Endpoint } from "./endpoint.ts";
import { PinnedAgent } from "./pinned-agent.ts";

export function reachOf(endpoint: Endpoint): Reach {
  const at = addressText(endpoint);
  if (endpoint.kind === "local") {
    const { port, socketPath } = endpoint;
    return {
      at,
      // The port says that a local socket is not another node's by now.
      origin: `ws://localhost:${port}`,
      options: { createConnection: () => connect(socketPath) },
    };
  }
  const authorization = `Bearer ${formatApiToken(endpoint.token)}`;
  const agent = new PinnedAgent(endpoint, {});
  return { at, origin: "ws://localhost", options: { agent, headers: { authorization } } };
}
