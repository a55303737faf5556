/**
 * The sockets an HTTP server was given, and which of them are in the middle of a request: what it
 * takes to close within a bound without cutting an answer short. Node's own `closeIdleConnections`
 * overlooks a connection that never sent a request.
 */
import type { Server } from "node:http";
import type { Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

export class Connections {
  readonly #all = new Set<Socket>();
  readonly #busy = new Set<Socket>();
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

  add(socket: Socket): void {
    this.#all.add(socket);
    socket.once("close", () => this.#all.delete(socket));
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
      delay(graceMs, undefined, { signal: enough.signal }).catch(() => {}),
    ]);
    enough.abort();
    for (const socket of this.#all) socket.destroy();
  }
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once("close", () => resolve()));
}
