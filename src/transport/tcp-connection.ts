/**
 * A peer connection over a TLS socket. Frames that are sent by one callback leave together when it is
 * over, because a system call and a packet for each small frame would cost more than the frame.
 */
import type { Socket } from "node:net";
import type { NodeId } from "../core/ids.ts";
import { frameBytesMax, strangerFrameBytesMax } from "../core/limits.ts";
import { FrameParser, headerBytes, writeHeader } from "../wire/framing.ts";
import type { Secured } from "./peer-tls.ts";
import type { Connection } from "./transport.ts";

/** What is written at once, unless one frame has more: large writes hold up those after them. */
const joinBytesMax = 64 * 1024;
const nothing = new Uint8Array(0);
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
  /** Bodies of the frames that leave when this callback, and what it has promised, is over. */
  #batch: Uint8Array[] = [];
  #batchBytes = 0;
  #handleFrame: ((frame: Uint8Array) => void) | undefined;
  /** Frames that came before there was anyone to take them. */
  #early: Uint8Array[] = [];
  #handleClose: ((error?: Error) => void) | undefined;
  #error: Error | undefined;
  #isOpen = true;
  #hasEnded = false;
  readonly #flushLater = () => this.#flush();

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
    const queued = this.#batchBytes + this.#socket.writableLength;
    if (!this.#isOpen || queued + bytes > this.#queueBytesMax - reservedBytes) return false;
    if (this.#batch.length === 0) process.nextTick(this.#flushLater);
    this.#batch.push(frame);
    this.#batchBytes += bytes;
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
    this.#flush();
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

  #flush(): void {
    const batch = this.#batch;
    if (batch.length === 0 || this.#socket.destroyed) return;
    this.#batch = [];
    this.#batchBytes = 0;
    let from = 0;
    let bytes = 0;
    for (const [at, body] of batch.entries()) {
      const frameBytes = headerBytes + body.length;
      if (bytes > 0 && bytes + frameBytes > joinBytesMax) {
        this.#socket.write(joined(batch, from, at, bytes));
        from = at;
        bytes = 0;
      }
      bytes += frameBytes;
    }
    this.#socket.write(joined(batch, from, batch.length, bytes));
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
