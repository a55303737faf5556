/**
 * Speaks to a node's port byte by byte, as an attacker or a broken peer would; after `meet` as a peer
 * that was let in.
 */
import { connect, type Socket } from "node:net";
import { asNodeId, type NodeId } from "../../src/core/ids.ts";
import { decode, encode } from "../../src/wire/codec.ts";
import { FrameParser, frameHeader } from "../../src/wire/framing.ts";
import { identityOf } from "../../src/wire/handshake.ts";
import type { Identity, Message } from "../../src/wire/messages.ts";
import { peerPreface } from "../../src/wire/preface.ts";
import { eventually } from "./eventually.ts";

export class RawPeer {
  readonly id: NodeId;
  /** Bytes that came; once `framed`, they are in `received` instead. */
  readonly received: Message[] = [];
  isClosed = false;
  readonly #socket: Socket;
  readonly #parser = new FrameParser();

  private constructor(socket: Socket, id: NodeId) {
    this.#socket = socket;
    this.id = id;
    socket.on("data", (chunk) => {
      for (const frame of this.#parser.push(chunk)) this.received.push(decode(frame));
    });
    socket.on("error", () => {}); // A reset is one way to be refused.
    socket.on("close", () => {
      this.isClosed = true;
    });
  }

  /** A connection that has said nothing yet. */
  static async open(port: number, id = "f".repeat(32)): Promise<RawPeer> {
    const socket = connect({ host: "127.0.0.1", port });
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve).once("error", reject);
    });
    return new RawPeer(socket, asNodeId(id));
  }

  /** A connection whose handshake is done. */
  static async meet(port: number, id?: string): Promise<RawPeer> {
    const peer = await RawPeer.open(port, id);
    peer.bytes(peerPreface);
    peer.send(peer.hello());
    await eventually(() => peer.received.some(({ kind }) => kind === "welcome"), "the welcome");
    return peer;
  }

  hello(changed: Partial<Identity> = {}): Message {
    const { id: node } = this;
    const self = { network: "mob", node, boot: 1, name: "raw", address: "127.0.0.1:1" };
    return { kind: "hello", magic: "mob", ...identityOf(self), ...changed };
  }

  send(message: Message): void {
    const frame = encode(message);
    this.bytes(frameHeader(frame.length));
    this.bytes(frame);
  }

  bytes(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  close(): void {
    this.#socket.destroy();
  }

  async closed(): Promise<void> {
    await eventually(() => this.isClosed, "the end of the connection");
  }
}
