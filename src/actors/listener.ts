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
    async init(self) {
      // Not `terminate`, which a kill passes over: the next life needs the address.
      const ended = new Promise<void>((resolve) => {
        self.system.monitor(self.ref, () => resolve());
      });
      const listening = await transport.listen(address, accept);
      void ended.then(() => listening.close());
      return listening;
    },
    handlers: {},
    describe: (listening) => ({ address: listening.address }),
  };
}
