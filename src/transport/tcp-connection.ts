/**
 * A peer connection over a TLS socket. A frame leaves at once where frames come one by one. Where many do,
 * those that are sent by one callback, or while others are written, leave together: a system call and a
 * packet for each would cost more than the frame. The socket is given a little at a time, since what it
 * holds counts as unsent until all of it is written.
 */
import type { Socket } from "node:net";
import type { NodeId } from "../core/ids.ts";
import { frameBytesMax, strangerFrameBytesMax } from "../core/limits.ts";
import { FrameParser, frameHeader, headerBytes, writeHeader } from "../wire/framing.ts";
import type { Secured } from "./peer-tls.ts";
import type { Connection } from "./transport.ts";

/** What is written at once, unless one frame has more: large writes hold up those after them. */
const joinBytesMax = 64 * 1024;
const nothing = new Uint8Array(0);
/** Some networks forget a connection that carries nothing for a few minutes, as a bulk one may; the system keeps it up. */
const keepAliveMs = 60_000;
/** What a closed connection may take to deliver what was sent before. */
const lingerMs = 1_000;

/** With a node that this one has dialed. */
export function dialedConnection(secured: Secured, queueBytesMax: number): Connection {
  return new TcpConnection(secured, queueBytesMax);
}

/** With one that has dialed this node: a stranger until it is let in, when `admitted` is called. */
export function acceptedConnection(
  secured: Secured,
  queueBytesMax: number,
  admitted: () => void,
): Connection {
  return new TcpConnection(secured, queueBytesMax, admitted);
}

class TcpConnection implements Connection {
  readonly remoteAddress: string;
  readonly peer: NodeId;
  readonly keyingMaterial: Uint8Array;
  readonly #socket: Socket;
  readonly #queueBytesMax: number;
  readonly #admitted: (() => void) | undefined;
  readonly #parser = new FrameParser();
  /** Bodies of the frames that are to be written, the first `#taken` of which are. */
  #queue: Uint8Array[] = [];
  #taken = 0;
  #queueBytes = 0;
  /** A write is under way, or will be when this callback, and what it has promised, is over. */
  #busy = false;
  /** The last write was of one frame. */
  #oneByOne = true;
  #handleFrame: ((frame: Uint8Array) => void) | undefined;
  /** Frames that came before there was anyone to take them. */
  #early: Uint8Array[] = [];
  #handleClose: ((error?: Error) => void) | undefined;
  #error: Error | undefined;
  #isOpen = true;
  #hasEnded = false;
  readonly #writeOn = () => {
    this.#busy = this.#queueBytes > 0;
    if (this.#busy && !this.#socket.destroyed) this.#writeNext();
  };

  constructor(
    { socket, peer, keyingMaterial }: Secured,
    queueBytesMax: number,
    admitted?: () => void,
  ) {
    this.#socket = socket;
    this.#admitted = admitted;
    if (admitted !== undefined) this.#parser.limit(strangerFrameBytesMax);
    this.peer = peer;
    this.keyingMaterial = keyingMaterial;
    this.#queueBytesMax = queueBytesMax;
    this.remoteAddress = addressOf(socket);
    socket.setNoDelay(true);
    socket.setKeepAlive(true, keepAliveMs);
    socket.on("data", (chunk) => this.#take(chunk));
    socket.on("end", () => this.close());
    socket.on("error", (error) => {
      this.#error ??= error;
    });
    socket.on("close", () => this.#end());
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  send(frame: Uint8Array, reservedBytes = 0): boolean {
    const bytes = headerBytes + frame.length;
    const unsent = this.#queueBytes + this.#socket.writableLength;
    if (!this.#isOpen || unsent + bytes > this.#queueBytesMax - reservedBytes) return false;
    this.#queue.push(frame);
    this.#queueBytes += bytes;
    if (this.#busy) return true;
    this.#busy = true;
    if (this.#oneByOne) this.#writeNext();
    else process.nextTick(this.#writeOn);
    return true;
  }

  admit(): void {
    this.#parser.limit(frameBytesMax);
    this.#admitted?.();
  }

  onFrame(handle: (frame: Uint8Array) => void): void {
    this.#handleFrame = handle;
    for (const frame of this.#early.splice(0)) handle(frame);
    this.#socket.resume();
  }

  onClose(handle: (error?: Error) => void): void {
    this.#handleClose = handle;
    if (this.#hasEnded) queueMicrotask(() => handle(this.#error));
  }

  close(): void {
    if (!this.#isOpen) return;
    while (this.#queueBytes > 0 && !this.#socket.destroyed) this.#writeNext();
    this.#isOpen = false;
    this.#socket.destroySoon();
    const linger = setTimeout(() => this.#socket.destroy(), lingerMs).unref();
    this.#socket.once("close", () => clearTimeout(linger));
  }

  #take(chunk: Uint8Array): void {
    for (const frame of this.#parse(chunk)) this.#deliver(frame);
  }

  #parse(chunk: Uint8Array): readonly Uint8Array[] {
    try {
      return this.#isOpen ? this.#parser.push(chunk) : [];
    } catch (error) {
      this.#isOpen = false;
      this.#socket.destroy(error instanceof Error ? error : undefined);
      return [];
    }
  }

  #deliver(frame: Uint8Array): void {
    if (!this.#isOpen) return;
    if (this.#handleFrame !== undefined) {
      this.#handleFrame(frame);
      return;
    }
    this.#early.push(frame);
    this.#socket.pause(); // Whoever made the connection is late: let the peer wait.
  }

  /** Writes the frames that are next: as many as fit in `joinBytesMax`, and one in any case. */
  #writeNext(): void {
    const queue = this.#queue;
    const from = this.#taken;
    let bytes = 0;
    while (this.#taken < queue.length) {
      const frameBytes = headerBytes + (queue[this.#taken]?.length ?? 0);
      if (bytes > 0 && bytes + frameBytes > joinBytesMax) break;
      bytes += frameBytes;
      this.#taken += 1;
    }
    this.#queueBytes -= bytes;
    this.#oneByOne = this.#taken - from === 1;
    this.#write(queue, from, bytes);
    if (2 * this.#taken < queue.length) return;
    this.#queue = queue.slice(this.#taken);
    this.#taken = 0;
  }

  #write(queue: readonly Uint8Array[], from: number, bytes: number): void {
    const large = bytes > joinBytesMax ? queue[from] : undefined;
    if (large === undefined) {
      this.#socket.write(joined(queue, from, this.#taken, bytes), this.#writeOn);
    } else {
      this.#socket.write(frameHeader(large.length)); // By itself, so that the body is not copied.
      this.#socket.write(large, this.#writeOn);
    }
  }

  #end(): void {
    this.#isOpen = false;
    this.#hasEnded = true;
    this.#handleClose?.(this.#error);
  }
}

/** Frames with the bodies from `from` to before `to`, `bytes` in all, as they go over the stream. */
function joined(bodies: readonly Uint8Array[], from: number, to: number, bytes: number): Buffer {
  const all = Buffer.allocUnsafe(bytes);
  let at = 0;
  for (let i = from; i < to; i++) {
    const body = bodies[i] ?? nothing;
    writeHeader(all, at, body.length);
    all.set(body, at + headerBytes);
    at += headerBytes + body.length;
  }
  return all;
}

/** `host:port` of the other end. */
export function addressOf({ remoteAddress = "?", remotePort = 0 }: Socket): string {
  return remoteAddress.includes(":")
    ? `[${remoteAddress}]:${remotePort}`
    : `${remoteAddress}:${remotePort}`;
}
