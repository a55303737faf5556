/**
 * What remote calls are compared with: TLS 1.3 between two sockets of Node's, certificates on both
 * sides, and nothing above it. What is asked and what is answered have as many bytes as the frames that
 * they stand for; nobody looks at them.
 */
import {
  connect,
  createSecureContext,
  createServer,
  type SecureContext,
  type TLSSocket,
} from "node:tls";
import type { NodeKey } from "../../src/trust/node-key.ts";

/** The first bytes of a connection: how long each request and each answer is, as two u32. */
const openingBytes = 8;

/** What both ends are opened with, made once as a node does. */
export function bareContext({ privateKey, certificate }: NodeKey): SecureContext {
  return createSecureContext({ key: privateKey, cert: certificate, minVersion: "TLSv1.3" });
}

/** Answers requests by their length alone. Resolves with the port. */
export function listenBare(key: NodeKey): Promise<number> {
  const server = createServer(
    { key: key.privateKey, cert: key.certificate, requestCert: true, rejectUnauthorized: false },
    (socket) => {
      socket.setNoDelay(true);
      socket.on("error", () => socket.destroy());
      let request = 0;
      let answer = Buffer.alloc(0);
      let come = 0;
      socket.on("data", (chunk: Buffer) => {
        come += chunk.length;
        if (request === 0) {
          request = chunk.readUInt32BE(0);
          answer = Buffer.alloc(chunk.readUInt32BE(4));
          come -= openingBytes;
        }
        const whole = Math.floor(come / request);
        come -= whole * request;
        if (whole > 0) socket.write(repeated(answer, whole));
      });
    },
  );
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : 0);
    });
  });
}

export interface BareSizes {
  readonly requestBytes: number;
  readonly answerBytes: number;
}

export class BareTls {
  readonly #socket: TLSSocket;
  readonly #request: Buffer;
  readonly #answerBytes: number;
  #come = 0;
  /** Requests that are not answered yet, and how many more are to be sent. */
  #open = 0;
  #left = 0;
  #done = () => {};

  private constructor(socket: TLSSocket, { requestBytes, answerBytes }: BareSizes) {
    this.#socket = socket;
    this.#request = Buffer.alloc(requestBytes, 1);
    this.#answerBytes = answerBytes;
    socket.on("data", (chunk: Buffer) => this.#take(chunk));
  }

  /** Resolves when TLS is there at both ends: one request has been answered. */
  static async dial(
    secureContext: SecureContext,
    port: number,
    sizes: BareSizes,
  ): Promise<BareTls> {
    const socket = connect({ host: "127.0.0.1", port, secureContext, rejectUnauthorized: false });
    await new Promise<void>((resolve, reject) => {
      socket.once("secureConnect", resolve).once("error", reject);
    });
    socket.setNoDelay(true);
    const opening = Buffer.alloc(openingBytes);
    opening.writeUInt32BE(sizes.requestBytes, 0);
    opening.writeUInt32BE(sizes.answerBytes, 4);
    socket.write(opening);
    const bare = new BareTls(socket, sizes);
    await bare.ask(1, 1);
    return bare;
  }

  /** Sends `count` requests, `depth` of them unanswered at a time; resolves with the last answer. */
  ask(count: number, depth: number): Promise<void> {
    return new Promise((resolve) => {
      this.#done = resolve;
      this.#left = count;
      this.#send(Math.min(count, depth));
    });
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#socket.once("close", () => resolve()).end();
    });
  }

  #take(chunk: Buffer): void {
    this.#come += chunk.length;
    const whole = Math.floor(this.#come / this.#answerBytes);
    this.#come -= whole * this.#answerBytes;
    this.#open -= whole;
    this.#send(Math.min(whole, this.#left));
    if (this.#open === 0 && whole > 0) this.#done();
  }

  #send(count: number): void {
    if (count === 0) return;
    this.#left -= count;
    this.#open += count;
    this.#socket.write(repeated(this.#request, count));
  }
}

function repeated(bytes: Buffer, count: number): Buffer {
  return count === 1 ? bytes : Buffer.concat(Array.from({ length: count }, () => bytes));
}
