/**
 * The peers that can be sent to now. Connection actors alone add and remove links; membership, store
 * and remote calls send through them without waiting for anyone.
 */
import type { NodeId } from "../core/ids.ts";
import type { Remote } from "../otp/remote.ts";
import type { Connection } from "../transport/transport.ts";
import type { Established } from "../wire/handshake.ts";
import type { Message } from "../wire/messages.ts";

export interface Link {
  readonly peer: NodeId;
  readonly established: Established;
  /** False from the moment that it is lost, which whoever has opened it is told later. */
  readonly isOpen: boolean;
  /** False when it is closed or its bounded queue is full: then nothing was sent. */
  send(message: Message): boolean;
  close(reason: string): void;
}

/** A control connection whose bulk connection has yet to come. */
export interface HalfLink {
  readonly peer: NodeId;
  readonly established: Established;
  /** That of its hello, by which its bulk connection names it. */
  readonly proof: string;
  /** Makes it a link. */
  complete(bulk: Connection): Link;
  close(reason: string): void;
}

export class Links implements Remote {
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
  established(peer: NodeId): Established | undefined {
    return (this.#halves.get(peer) ?? this.#links.get(peer))?.established;
  }

  /** All peers that are reached now. */
  peers(): readonly NodeId[] {
    return [...this.#links.keys()];
  }

  reaches(peer: NodeId): boolean {
    return this.#links.get(peer)?.isOpen ?? false;
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
    return this.#links.get(peer)?.send(message) ?? false;
  }
}
