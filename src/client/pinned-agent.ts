/** Gives requests connections to a node that was made sure of, and no others. */
import { Agent, type AgentOptions } from "node:http";
import { Duplex } from "node:stream";
import type { RemoteEndpoint } from "./endpoint.ts";
import { connectPinned } from "./pinned-tls.ts";

export class PinnedAgent extends Agent {
  readonly #endpoint: RemoteEndpoint;

  constructor(endpoint: RemoteEndpoint, options: AgentOptions) {
    super(options);
    this.#endpoint = endpoint;
  }

  override createConnection(
    _options: unknown,
    done: (error: Error | null, socket: Duplex) => void,
  ): undefined {
    const { address, token } = this.#endpoint;
    connectPinned(address, token).then(
      (socket) => done(null, socket),
      // With an error no one looks at the socket.
      (error: unknown) => done(error instanceof Error ? error : new Error("?"), new Duplex()),
    );
  }
}
