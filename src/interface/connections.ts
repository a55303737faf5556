/**
 * The sockets an HTTP server was given, and which of them are in the middle of a request: what it
 * takes to close within a bound without cutting an answer short, and to hold no more than so many.
 * Node's own `closeIdleConnections` overlooks a connection that never sent a request.
 */
import type { Server } from "node:http";
import type { Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

/** Most connections of each way in: whoever fills the port does not keep the node's user out. */
export const connectionsMax = 1_000;

export class Connections {
  readonly #all = new Set<Socket>();
  readonly #busy = new Set<Socket>();
  /** Those whose requests were let in. */
  readonly #known = new WeakSet<Socket>();
  #closing = false;

  constructor(server: Server) {
    server.on("request", ({ socket }, response) => {
      this.#busy.add(socket);
      response.once("close", () => {
        this.#busy.delete(socket);
        if (this.#closing) socket.destroySoon(); // After what is still to be written.
      });
    });
  }

  /** Cuts one that is idle where there are too many, strangers first; the new one where none is. */
  add(socket: Socket, among: Set<Socket>): void {
    if (among.size >= connectionsMax) {
      const idle = [...among].filter((one) => !this.#busy.has(one));
      const cut = idle.find((one) => !this.#known.has(one)) ?? idle[0] ?? socket;
      among.delete(cut);
      cut.destroy();
    }
    if (socket.destroyed) return;
    among.add(socket);
    this.#all.add(socket);
    socket.once("close", () => {
      among.delete(socket);
      this.#all.delete(socket);
    });
  }

  /** A request on this connection was let in. */
  know(socket: Socket): void {
    this.#known.add(socket);
  }

  /** One that is no longer HTTP: whoever has it is given the time to close it. */
  hold(socket: Socket): void {
    this.#busy.add(socket);
    socket.once("close", () => this.#busy.delete(socket));
  }

  /** Cuts idle connections at once, the others after their answer or after `graceMs`. */
  async close(graceMs: number): Promise<void> {
    this.#closing = true;
    for (const socket of this.#all) {
      if (!this.#busy.has(socket)) socket.destroy();
    }
    const ended = Promise.all([...this.#all].map(closed));
    const enough = new AbortController();
    await Promise.race([
      ended,
      delay(graceMs, undefined, { signal: enough.signal }).catch(() => {}), // All have ended before.
    ]);
    enough.abort();
    for (const socket of this.#all) socket.destroy();
  }
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once("close", () => resolve()));
}
