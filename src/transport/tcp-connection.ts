/**
 * A peer connection over a TLS socket. Frames of one turn of the event loop leave together, because a
 * system call and a packet for each small frame would cost more than the frame.
 */
import type { Socket } from "node:net";
import type { NodeId } from "../core/ids.ts";
import { FrameParser, frameHeader, headerBytes } from "../wire/framing.ts";
import type { Secured } from "./peer-tls.ts";
import type { Connection } from "./transport.ts";

/** Below this, what leaves together is copied into one buffer; above, copying costs more than it saves. */
const joinBytesMax = 64 * 1024;
/** What a closed connection may take to deliver what was sent before. */
const lingerMs = 1_000;

/** `admit` is called when the other side is let in. */
export function tcpConnection(
  secured: Secured,
  queueBytesMax: number,
  admit: () => void = () => {},
): Connection {
  return new TcpConnection(secured, queueBytesMax, admit);
}

class TcpConnection implements Connection {
  readonly remoteAddress: string;
  readonly peer: NodeId;
  readonly keyingMaterial: Uint8Array;
  readonly #socket: Socket;
  readonly #queueBytesMax: number;
  readonly #admit: () => void;
  readonly #parser = new FrameParser();
  /** Headers and bodies that leave at the end of this turn. */
  #batch: Uint8Array[] = [];
  #batchBytes = 0;
  #handleFrame: ((frame: Uint8Array) => void) | undefined;
  /** Frames that came before there was anyone to take them. */
  #early: Uint8Array[] = [];
  #handleClose: ((error?: Error) => void) | undefined;
  #error: Error | undefined;
  #isOpen = true;
  #hasEnded = false;

  constructor({ socket, peer, keyingMaterial }: Secured, queueBytesMax: number, admit: () => void) {
    this.#socket = socket;
    this.#admit = admit;
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
    if (this.#batch.length === 0) setImmediate(() => this.#flush());
    this.#batch.push(frameHeader(frame.length), frame);
    this.#batchBytes += bytes;
    return true;
  }

  admit(): void {
    this.#admit();
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
    const bytes = this.#batchBytes;
    this.#batch = [];
    this.#batchBytes = 0;
    if (bytes <= joinBytesMax) {
      this.#socket.write(Buffer.concat(batch, bytes));
      return;
    }
    this.#socket.cork();
    for (const piece of batch) this.#socket.write(piece);
    this.#socket.uncork();
  }

  #end(): void {
    this.#isOpen = false;
    this.#hasEnded = true;
    this.#handleClose?.(this.#error);
  }
}

/** `host:port` of the other end. */
export function addressOf({ remoteAddress = "?", remotePort = 0 }: Socket): string {
  return remoteAddress.includes(":")
    ? `[${remoteAddress}]:${remotePort}`
    : `${remoteAddress}:${remotePort}`;
}
