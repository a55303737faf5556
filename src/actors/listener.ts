/**
 * Listens for peers on the node's address, and hands each connection to an actor of its own.
 */
import type { Behaviour } from "../otp/gen-server.ts";
import type { Protocol } from "../otp/protocol.ts";
import type { Connection, Listener, Transport } from "../transport/transport.ts";

export interface ListenerOptions {
  readonly transport: Transport;
  /** `host:port` */
  readonly address: string;
  readonly accept: (connection: Connection) => void;
}

export function listener({
  transport,
  address,
  accept,
}: ListenerOptions): Behaviour<Listener, Protocol> {
  return {
    init: () => transport.listen(address, accept),
    handlers: {},
    terminate: (listening) => listening.close(),
    describe: (listening) => ({ address: listening.address }),
  };
}
