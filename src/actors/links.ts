/**
 * The open connections to peers: who can be sent to now. Connection actors alone add and remove
 * links; membership, store and remote calls send through them without waiting for anyone.
 */
import type { NodeId } from "../core/ids.ts";
import type { Remote } from "../otp/remote.ts";
import type { Established } from "../wire/handshake.ts";
import type { Message } from "../wire/messages.ts";

export interface Link {
  readonly peer: NodeId;
  readonly established: Established;
  /** False when it is closed or its bounded queue is full: then nothing was sent. */
  send(message: Message): boolean;
  close(reason: string): void;
}

export class Links implements Remote {
  readonly #links = new Map<NodeId, Link>();

  /** The link through which `peer` is reached, if any. */
  get(peer: NodeId): Link | undefined {
    return this.#links.get(peer);
  }

  /** All peers that are reached now. */
  peers(): readonly NodeId[] {
    return [...this.#links.keys()];
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

  send(peer: NodeId, message: Message): boolean {
    return this.#links.get(peer)?.send(message) ?? false;
  }
}
