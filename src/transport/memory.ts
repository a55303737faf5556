/**
 * A network within one process: transports that share a hub reach each other. Frames arrive in order,
 * and only when the hub's `schedule` says so; what can go wrong on a network is for whoever wraps it.
 */
import { parseAddress } from "../core/address.ts";
import { Unavailable } from "../core/errors.ts";
import type { NodeId } from "../core/ids.ts";
import { queueBytesMax as queueBytesMaxDefault } from "../wire/lanes.ts";
import { type Connection, DialRefused, type Listener, type Transport } from "./transport.ts";

/** Runs `deliver` later, never at once. */
export type Schedule = (deliver: () => void) => void;

interface Listening {
  readonly node: NodeId;
  readonly accept: (connection: Connection) => void;
}

/** Who listens where, and when things arrive. */
export interface MemoryHub {
  readonly schedule: Schedule;
  readonly listeners: Map<string, Listening>;
  /** The last port given to someone who asked for any. */
  lastPort: number;
  /** How many connections there were. */
  connections: number;
}

export function createMemoryHub(schedule: Schedule = queueMicrotask): MemoryHub {
  return { schedule, listeners: new Map(), lastPort: 40_000, connections: 0 };
}

export interface MemoryOptions {
  /** Whose transport it is. */
  readonly node: NodeId;
  /** Undelivered bytes of a connection before `send` refuses; default 16 MiB, as for TCP. */
  readonly queueBytesMax?: number;
}

export function createMemoryTransport(hub: MemoryHub, options: MemoryOptions): Transport {
  const { node, queueBytesMax = queueBytesMaxDefault } = options;
  return {
    async listen(asked, onConnection): Promise<Listener> {
      const { host, port } = parseAddress(asked);
      if (port === 0) hub.lastPort += 1;
      const address = port === 0 ? `${host}:${hub.lastPort}` : asked;
      if (hub.listeners.has(address)) {
        throw new Unavailable(`cannot listen on ${address}: it is in use`);
      }
      const listening: Listening = { node, accept: onConnection };
      hub.listeners.set(address, listening);
      return {
        address,
        async close() {
          if (hub.listeners.get(address) === listening) hub.listeners.delete(address);
        },
      };
    },
    dial: (address) =>
      new Promise((resolve, reject) => {
        hub.schedule(() => {
          const listening = hub.listeners.get(address);
          if (listening === undefined) {
            reject(new DialRefused(`nobody answers at ${address}: it is refused`));
            return;
          }
          hub.connections += 1;
          const keyingMaterial = keyingMaterialOf(hub.connections);
          const pipe: Pipe = { schedule: hub.schedule, queueBytesMax, keyingMaterial };
          const here = new MemoryConnection(pipe, address, listening.node);
          const there = new MemoryConnection(pipe, "dialer:0", node);
          here.connect(there);
          there.connect(here);
          listening.accept(there);
          resolve(here);
        });
      }),
  };
}

/** Different for each connection, as a real session's is. */
function keyingMaterialOf(connection: number): Uint8Array {
  const material = new Uint8Array(32);
  new DataView(material.buffer).setUint32(28, connection);
  return material;
}

/** What both ends of a connection share. */
interface Pipe {
  readonly schedule: Schedule;
  readonly queueBytesMax: number;
  readonly keyingMaterial: Uint8Array;
}

class MemoryConnection implements Connection {
  readonly remoteAddress: string;
  readonly peer: NodeId;
  readonly keyingMaterial: Uint8Array;
  readonly #schedule: Schedule;
  readonly #queueBytesMax: number;
  #other: MemoryConnection | undefined;
  /** On their way to this end; undefined marks the end. In order, whatever `schedule` does. */
  readonly #arriving: (Uint8Array | undefined)[] = [];
  #arrivingBytes = 0;
  #handleFrame: ((frame: Uint8Array) => void) | undefined;
  #early: Uint8Array[] = [];
  #handleClose: ((error?: Error) => void) | undefined;
  #isOpen = true;
  #hasEnded = false;

  constructor(
    { schedule, queueBytesMax, keyingMaterial }: Pipe,
    remoteAddress: string,
    peer: NodeId,
  ) {
    this.#schedule = schedule;
    this.#queueBytesMax = queueBytesMax;
    this.keyingMaterial = keyingMaterial;
    this.remoteAddress = remoteAddress;
    this.peer = peer;
  }

  connect(other: MemoryConnection): void {
    this.#other = other;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  send(frame: Uint8Array, reservedBytes = 0): boolean {
    return this.#isOpen && (this.#other?.arrive(frame, reservedBytes) ?? false);
  }

  admit(): void {}

  onFrame(handle: (frame: Uint8Array) => void): void {
    this.#handleFrame = handle;
    for (const frame of this.#early.splice(0)) handle(frame);
  }

  onClose(handle: (error?: Error) => void): void {
    this.#handleClose = handle;
    if (this.#hasEnded) this.#schedule(() => handle());
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#other?.arrive(undefined);
    this.#schedule(() => this.#end());
  }

  /** A frame, or the end, from the other side. Returns false if it finds no room. */
  arrive(frame: Uint8Array | undefined, reservedBytes = 0): boolean {
    const bytes = frame?.length ?? 0;
    if (this.#arrivingBytes + bytes > this.#queueBytesMax - reservedBytes) return false;
    this.#arrivingBytes += bytes;
    this.#arriving.push(frame);
    this.#schedule(() => this.#deliver());
    return true;
  }

  #deliver(): void {
    const frame = this.#arriving.shift();
    this.#arrivingBytes -= frame?.length ?? 0;
    if (!this.#isOpen) return;
    if (frame === undefined) {
      this.#isOpen = false;
      this.#end();
    } else if (this.#handleFrame === undefined) {
      this.#early.push(frame);
    } else {
      this.#handleFrame(frame);
    }
  }

  #end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#handleClose?.();
  }
}
