/**
 * The connections of which it is not known yet whose they are: their number is bounded. Where there are
 * too many the oldest of the source that has most gives way, not the newcomer: who is let in takes
 * milliseconds for it, so what is old is silent or slow.
 */
import type { Socket } from "node:net";

export interface StrangersOptions {
  /** Of all sources; default 512. More rides out a larger burst, at some 50 KB each. */
  readonly totalMax?: number;
  /** Of one address; default 256: a burst of a large network behind one address fits. */
  readonly perSourceMax?: number;
}

export class Strangers {
  readonly #totalMax: number;
  readonly #perSourceMax: number;
  /** By source and then by port, the oldest first. The socket within a TLS session has the same two. */
  readonly #sources = new Map<string, Map<number, Socket>>();
  /** Of those, what others look after by now. */
  readonly #handedOver = new WeakSet<Socket>();
  #total = 0;

  constructor({ totalMax = 512, perSourceMax = 256 }: StrangersOptions = {}) {
    this.#totalMax = totalMax;
    this.#perSourceMax = perSourceMax;
  }

  /** How many there are now. */
  get size(): number {
    return this.#total;
  }

  add(socket: Socket): void {
    const { remoteAddress: source, remotePort: port } = socket;
    if (source === undefined || port === undefined) {
      socket.destroy(); // Gone already.
      return;
    }
    const those = this.#sources.get(source) ?? new Map<number, Socket>();
    if (those.size >= this.#perSourceMax) this.#giveWay(source, those);
    else if (this.#total >= this.#totalMax) this.#giveWay(...this.#largest());
    this.#sources.set(source, those);
    those.set(port, socket);
    this.#total += 1;
    socket.once("close", () => {
      if (those.get(port) === socket) this.#drop(source, those, port);
    });
  }

  /** Someone else looks after it, and it counts on until it is removed. */
  handOver({ remoteAddress: source, remotePort: port }: Socket): void {
    const socket = this.#sources.get(source ?? "")?.get(port ?? 0);
    if (socket !== undefined) this.#handedOver.add(socket);
  }

  /** It is known now; `socket` may be the TLS session over the one that was added. */
  remove({ remoteAddress: source, remotePort: port }: Socket): void {
    const those = this.#sources.get(source ?? "");
    if (source !== undefined && port !== undefined && those?.has(port)) {
      this.#drop(source, those, port);
    }
  }

  /** Ends all that no one else looks after. */
  close(): void {
    for (const those of this.#sources.values()) {
      for (const socket of those.values()) {
        if (!this.#handedOver.has(socket)) socket.destroy();
      }
    }
  }

  #giveWay(source: string, those: Map<number, Socket>): void {
    const [oldest] = those;
    if (oldest === undefined) return;
    const [port, socket] = oldest;
    this.#drop(source, those, port);
    socket.destroy();
  }

  #largest(): [string, Map<number, Socket>] {
    let largest: [string, Map<number, Socket>] = ["", new Map()];
    for (const [source, those] of this.#sources) {
      if (those.size > largest[1].size) largest = [source, those];
    }
    return largest;
  }

  #drop(source: string, those: Map<number, Socket>, port: number): void {
    those.delete(port);
    this.#total -= 1;
    if (those.size === 0 && this.#sources.get(source) === those) this.#sources.delete(source);
  }
}
