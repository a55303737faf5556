/**
 * Speaks to a node's port byte by byte, as an attacker or a broken peer would: in plain TCP after
 * `open`, within TLS after `secure`, after `meet` as a peer that was let in.
 */
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { connect as connectTls, type TLSSocket } from "node:tls";
import type { NodeId } from "../../src/core/ids.ts";
import { createNetwork, openKeyFile } from "../../src/trust/key-file.ts";
import { type KeyRing, ringOf } from "../../src/trust/key-ring.ts";
import { createNodeKey, type NodeKey } from "../../src/trust/node-key.ts";
import { prove } from "../../src/trust/proof.ts";
import { decode, encode } from "../../src/wire/codec.ts";
import { FrameParser, frameHeader } from "../../src/wire/framing.ts";
import { identityOf } from "../../src/wire/handshake.ts";
import type { Message, MessageOfKind } from "../../src/wire/messages.ts";
import { peerProtocol } from "../../src/wire/preface.ts";
import { eventually } from "./eventually.ts";
import type { MobNode } from "./mob-node.ts";

/** What a proof is bound to, as src/transport/peer-tls.ts has it. */
const exporterLabel = "EXPORTER-mob-network-key";

type Hello = MessageOfKind<"hello">;

export interface RawPeerOptions {
  readonly port: number;
  /** Default: a new one. */
  readonly key?: NodeKey;
  /** Default: that of a network of its own. */
  readonly keyRing?: KeyRing;
}

export class RawPeer {
  readonly id: NodeId;
  /** The messages that came, once TLS is spoken. */
  readonly received: Message[] = [];
  isClosed = false;
  readonly #socket: Socket;
  readonly #keyRing: KeyRing;
  readonly #keyingMaterial: Uint8Array;

  private constructor(socket: Socket, id: NodeId, keyRing: KeyRing, keyingMaterial: Uint8Array) {
    this.#socket = socket;
    this.#keyRing = keyRing;
    this.#keyingMaterial = keyingMaterial;
    this.id = id;
    const parser = new FrameParser();
    socket.on("data", (chunk) => {
      for (const frame of parser.push(chunk)) this.received.push(decode(frame));
    });
    socket.on("error", () => {}); // A reset is one way to be refused.
    socket.on("close", () => {
      this.isClosed = true;
    });
  }

  /** TLS is spoken, and nothing said within. */
  static async secure(options: RawPeerOptions): Promise<RawPeer> {
    const { port, key = await createNodeKey(), keyRing = strangersRing() } = options;
    const socket = await openTls(port, key);
    const material = socket.exportKeyingMaterial(32, exporterLabel, Buffer.alloc(0));
    return new RawPeer(socket, key.id, keyRing, material);
  }

  /**
   * A connection whose handshake is done, as a peer of version 1.1 makes it: the one before the present,
   * which has one connection for everything.
   */
  static async meet(node: MobNode): Promise<RawPeer> {
    const peer = await RawPeer.secure({ port: node.port, keyRing: keyRingOf(node) });
    peer.send(peer.hello({ minor: 1 }));
    await eventually(() => peer.received.some(({ kind }) => kind === "welcome"), "the welcome");
    return peer;
  }

  hello(changed: Partial<Hello> = {}): Hello {
    const { id: node } = this;
    const { network } = this.#keyRing;
    const self = identityOf({ network, node, boot: 1, name: "raw", address: "127.0.0.1:1" });
    return { kind: "hello", magic: "mob", ...self, proof: this.proof(), ...changed };
  }

  /** That this peer, or a node whose id it claims, has the key of its ring. */
  proof(node = this.id): string {
    const keyingMaterial = this.#keyingMaterial;
    return prove(this.#keyRing, { keyingMaterial, role: "dialer", node });
  }

  send(message: Message): void {
    const frame = encode(message);
    this.bytes(frameHeader(frame.length));
    this.bytes(frame);
  }

  bytes(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  /** Reads no more. */
  pause(): void {
    this.#socket.pause();
  }

  close(): void {
    this.#socket.destroy();
  }

  async closed(): Promise<void> {
    await eventually(() => this.isClosed, "the end of the connection");
  }
}

/** The key of the network that a node of a test is in. */
export function keyRingOf(node: MobNode): KeyRing {
  return ringOf(openKeyFile(join(node.lab.home, "network.key")));
}

function strangersRing(): KeyRing {
  return ringOf(createNetwork());
}

/** A socket that has said nothing. */
export async function openTcp(port: number): Promise<Socket> {
  const socket = connect({ host: "127.0.0.1", port });
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve).once("error", reject);
  });
  socket.on("error", () => {});
  return socket;
}

/** TLS as a peer of that key opens it; without one it shows no certificate. */
export async function openTls(
  port: number,
  key?: NodeKey,
  protocol = peerProtocol,
): Promise<TLSSocket> {
  const socket = connectTls({
    host: "127.0.0.1",
    port,
    rejectUnauthorized: false,
    ALPNProtocols: [protocol],
    ...(key !== undefined && { key: key.privateKey, cert: key.certificate }),
  });
  await new Promise<void>((resolve, reject) => {
    socket.once("secureConnect", resolve).once("error", reject);
  });
  socket.on("error", () => {});
  return socket;
}
