/**
 * One attached client's WebSocket, as frames: what comes is checked, what goes is bounded, and whether
 * the other side still lives is asked now and then. What is not of the protocol ends it, with a code
 * and a reason that its user can read.
 */
import type { WebSocket } from "ws";
import {
  type ClientFrame,
  closeCodes,
  type NodeFrame,
  parseClientFrame,
} from "../api/attach-frames.ts";
import { messageOf } from "../core/errors.ts";

/** What waits to be sent to a client that does not read; beyond it the client is cut off. */
const waitingBytesMax = 16 * 1024 * 1024;
/** A close that is not answered within this is a broken connection. */
const closeMsMax = 2_000;

export interface SocketEvents {
  frame(frame: ClientFrame): void;
  /** Comes once; nothing comes after it. */
  closed(): void;
}

export class AttachSocket {
  readonly #socket: WebSocket;
  #isAlive = true;
  #hasEnded = false;

  /** The socket is paused until `start`. */
  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on("error", () => socket.terminate()); // Told by `close`; the cause is the other side's.
    socket.on("pong", () => {
      this.#isAlive = true;
    });
  }

  start(events: SocketEvents): void {
    const socket = this.#socket;
    socket.on("message", (data, isBinary) => {
      this.#isAlive = true;
      if (this.#hasEnded) return;
      const frame = isBinary ? undefined : this.#parse(String(data));
      if (frame !== undefined) events.frame(frame);
      else if (isBinary) this.close(closeCodes.unreadable, "frames are text");
    });
    socket.once("close", () => {
      this.#hasEnded = true;
      events.closed();
    });
    if (socket.readyState === socket.CLOSED) events.closed();
    else socket.resume();
  }

  /** Resolves when it is on its way, or never will be; so who waits for it is no faster than the reader. */
  send(frame: NodeFrame): Promise<void> {
    return this.sendText(JSON.stringify(frame));
  }

  /** As `send`, of a frame that is text already. */
  sendText(text: string): Promise<void> {
    const socket = this.#socket;
    if (socket.bufferedAmount > waitingBytesMax) {
      // Not with a close frame: that would wait behind all that is not read.
      socket.terminate();
      return Promise.resolve();
    }
    if (this.#hasEnded) return Promise.resolve();
    return new Promise((resolve) => socket.send(text, () => resolve()));
  }

  /** Asks whether the other side lives; false when it has not answered since the last time. */
  ping(): boolean {
    if (!this.#isAlive) {
      this.#socket.terminate();
      return false;
    }
    this.#isAlive = false;
    this.#socket.ping();
    return true;
  }

  /** Says why, and cuts it off if that is not answered. Idempotent. */
  close(code: number, reason: string): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    const socket = this.#socket;
    socket.close(code, reason.slice(0, 100));
    const timer = setTimeout(() => socket.terminate(), closeMsMax);
    timer.unref();
    socket.once("close", () => clearTimeout(timer));
  }

  #parse(text: string): ClientFrame | undefined {
    try {
      const frame = parseClientFrame(text);
      if (frame === undefined) {
        this.close(closeCodes.refused, "this is no frame of the attach protocol");
      }
      return frame;
    } catch (error) {
      this.close(closeCodes.unreadable, `this is no JSON: ${messageOf(error)}`);
      return undefined;
    }
  }
}
