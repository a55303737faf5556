/**
 * What a node needs of a network: listen on one address, dial others, get ordered frames between two
 * that know each other's keys. `tcp` and
 * `memory` implement it; the simulator adds faults to the latter. A connection carries whole frames
 * (MessagePack bodies), never bytes: framing and its limits are the transport's.
 */
import { Unreachable } from "../core/errors.ts";
import type { NodeId } from "../core/ids.ts";

/**
 * The host answered that nobody listens at the address: the one failed dial that says something about
 * its cause. Has the code of `Unreachable`: to a user it is the same.
 */
export class DialRefused extends Unreachable {}

export interface Connection {
  /** `host:port` of the other side, for people. */
  readonly remoteAddress: string;
  /** The node whose key the other side has shown to hold. That it is let in is for others to say. */
  readonly peer: NodeId;
  /** 32 bytes that both ends have of this connection alone, and no one between them: see trust/proof. */
  readonly keyingMaterial: Uint8Array;
  /** False from the moment at which either side closed it. */
  readonly isOpen: boolean;
  /**
   * Queues one frame. Returns false, and queues nothing, if that would leave less than `reservedBytes`
   * (default 0) of the bounded queue of unsent bytes, or the connection is closed: overload is told,
   * never hidden.
   */
  send(frame: Uint8Array, reservedBytes?: number): boolean;
  /**
   * The other side is let in. Until then one that was accepted may be closed to make room for others, and
   * for a frame that is larger than a hello.
   */
  admit(): void;
  /** Set once, right after the connection is had; frames that came before are kept for it. */
  onFrame(handle: (frame: Uint8Array) => void): void;
  /** Called exactly once, however the connection ends; `error` is undefined for a clean end. */
  onClose(handle: (error?: Error) => void): void;
  /** Closes at once. Idempotent. Unsent frames may be lost. */
  close(): void;
}

export interface Listener {
  /** Where it listens: `host:port`, the port known even where 0 was asked for. */
  readonly address: string;
  close(): Promise<void>;
}

export interface Transport {
  /**
   * Accepts peers on `address` (`host:port`).
   * @throws Unavailable when the address cannot be had (in use, not this machine's).
   */
  listen(address: string, onConnection: (connection: Connection) => void): Promise<Listener>;
  /**
   * @throws Unreachable when nothing answers at `address` within the transport's dial timeout;
   * DialRefused where it is known that nothing listens there.
   */
  dial(address: string): Promise<Connection>;
}
