/** The connections of which it is not known yet who they are. */
import type { Socket } from "node:net";

export class Strangers {
  /** By the other end's address and port: the socket within a TLS session has them too. */
  readonly #sockets = new Map<string, Socket>();

  add(socket: Socket): void {
    const key = keyOf(socket);
    this.#sockets.set(key, socket);
    socket.once("close", () => {
      if (this.#sockets.get(key) === socket) this.#sockets.delete(key);
    });
  }

  /** It is known now; `socket` may be the TLS session over the one that was added. */
  remove(socket: Socket): void {
    this.#sockets.delete(keyOf(socket));
  }

  /** Ends them all. */
  close(): void {
    for (const socket of this.#sockets.values()) socket.destroy();
  }
}

function keyOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
