/**
 * The peers that can be sent to now. Connection actors alone add and remove links; membership, store
 * and remote calls send through them without waiting for anyone. What is for a live node that this one
 * need not be connected with waits here while a connection is made.
 */
import type { NodeId } from "../core/ids.ts";
import type { Remote } from "../otp/remote.ts";
import type { Connection } from "../transport/transport.ts";
import type { Established, Existing } from "../wire/handshake.ts";
import type { Message } from "../wire/messages.ts";

export interface Link {
  readonly peer: NodeId;
  readonly established: Established;
  /** When its handshake was done, by the monotonic clock. */
  readonly sinceMs: number;
  /** False from the moment that it is lost, which whoever has opened it is told later. */
  readonly isOpen: boolean;
  /** Counts what either side has said that a connection on demand is kept for; never goes down. */
  uses: number;
  /** False when it is closed or its bounded queue is full: then nothing was sent. */
  send(message: Message): boolean;
  close(reason: string): void;
}

/** A control connection whose bulk connection has yet to come. */
export interface HalfLink {
  readonly peer: NodeId;
  readonly established: Established;
  /** When its handshake was done, by the monotonic clock. */
  readonly sinceMs: number;
  /** That of its hello, by which its bulk connection names it. */
  readonly proof: string;
  /** Makes it a link. */
  complete(bulk: Connection): Link;
  close(reason: string): void;
}

/** Messages for one peer that wait for a connection. */
const waitingMax = 10_000;

export class Links implements Remote {
  readonly #waiting = new Map<NodeId, Message[]>();
  #demand: (peer: NodeId) => boolean = () => false;
  readonly #links = new Map<NodeId, Link>();
  readonly #halves = new Map<NodeId, HalfLink>();
  readonly #nameOf: (peer: NodeId) => string | undefined;

  /** `nameOf`: what a node is called, if that is known; for errors. */
  constructor(nameOf: (peer: NodeId) => string | undefined) {
    this.#nameOf = nameOf;
  }

  /** The link through which `peer` is reached, if any. */
  get(peer: NodeId): Link | undefined {
    return this.#links.get(peer);
  }

  /** The half link with `peer`, if it is the one whose hello had that proof. */
  half(peer: NodeId, proof: string): HalfLink | undefined {
    const half = this.#halves.get(peer);
    return half?.proof === proof ? half : undefined;
  }

  /** The connection with `peer` that a new one would replace, be it half or whole. */
  existing(peer: NodeId, nowMs: number): Existing | undefined {
    const link = this.#halves.get(peer) ?? this.#links.get(peer);
    return link && { ...link.established, ageMs: nowMs - link.sinceMs };
  }

  /** All peers that are reached now. */
  peers(): readonly NodeId[] {
    return [...this.#links.keys()];
  }

  /** Whether there is a connection, or one that messages wait for. */
  reaches(peer: NodeId): boolean {
    return this.isConnected(peer) || this.#waiting.has(peer);
  }

  /** All peers that there is a connection with, be it half or whole. */
  met(): readonly NodeId[] {
    return [...this.#halves.keys(), ...this.peers().filter((peer) => this.isConnected(peer))];
  }

  isConnected(peer: NodeId): boolean {
    return this.#links.get(peer)?.isOpen ?? false;
  }

  /**
   * Has `demand` asked for a connection with a peer that something is for and that is not connected. It
   * returns whether one is made: then `open` or `giveUp` follows.
   */
  useDemand(demand: (peer: NodeId) => boolean): void {
    this.#demand = demand;
  }

  /** The peers that messages wait for. */
  awaited(): readonly NodeId[] {
    return [...this.#waiting.keys()];
  }

  /** No connection with `peer` comes about: what waited for it is lost. Returns whether anything did. */
  giveUp(peer: NodeId): boolean {
    return this.#waiting.delete(peer);
  }

  nameOf(peer: NodeId): string {
    return this.#nameOf(peer) ?? peer;
  }

  /** Keeps `half` until it is whole; another half before it is closed. */
  hold(half: HalfLink): void {
    const before = this.#halves.get(half.peer);
    this.#halves.set(half.peer, half);
    before?.close("replaced by another connection");
  }

  /** `half` is whole, or closed. */
  release(half: HalfLink): void {
    if (this.#halves.get(half.peer) === half) this.#halves.delete(half.peer);
  }

  /** Makes `link` the one through which its peer is reached; the one before it is closed. */
  open(link: Link): void {
    const before = this.#links.get(link.peer);
    this.#links.set(link.peer, link);
    before?.close("replaced by another connection");
    const waiting = this.#waiting.get(link.peer) ?? [];
    this.#waiting.delete(link.peer);
    for (const message of waiting) link.send(message);
  }

  /** Takes `link` out. Returns whether it was the one in use: then its peer is not reached any more. */
  closed(link: Link): boolean {
    if (this.#links.get(link.peer) !== link) return false;
    this.#links.delete(link.peer);
    return true;
  }

  /** Ends every connection, half ones too. */
  closeAll(reason: string): void {
    for (const half of [...this.#halves.values()]) half.close(reason);
    for (const link of [...this.#links.values()]) link.close(reason);
  }

  send(peer: NodeId, message: Message): boolean {
    const link = this.#links.get(peer);
    if (link !== undefined) return link.send(message);
    const waiting = this.#waiting.get(peer);
    if (waiting === undefined) {
      if (!this.#demand(peer)) return false;
      this.#waiting.set(peer, [message]);
      return true;
    }
    if (waiting.length >= waitingMax) return false;
    waiting.push(message);
    return true;
  }
}
