/**
 * What is sent to a peer, over the one or two connections with it: each message on its lane, as far as
 * there is room for its kind. What is shed is counted and told to whoever sends it.
 */
import type { NodeId } from "../core/ids.ts";
import type { Log } from "../core/log.ts";
import type { Connection } from "../transport/transport.ts";
import { encode } from "../wire/codec.ts";
import type { Established } from "../wire/handshake.ts";
import { passageOf } from "../wire/lanes.ts";
import type { Message } from "../wire/messages.ts";
import type { Link } from "./links.ts";

export class PeerLink implements Link {
  readonly peer: NodeId;
  readonly established: Established;
  readonly sinceMs: number;
  /** Messages for which there was no room. */
  shed = 0;
  uses = 0;
  readonly #control: Connection;
  readonly #bulk: Connection;
  readonly #log: Log;

  /** `bulk` is `control` where the peer has one connection for all. */
  constructor(
    { peer, established, sinceMs }: Pick<Link, "peer" | "established" | "sinceMs">,
    { control, bulk, log }: { control: Connection; bulk: Connection; log: Log },
  ) {
    this.peer = peer;
    this.established = established;
    this.sinceMs = sinceMs;
    this.#control = control;
    this.#bulk = bulk;
    this.#log = log;
  }

  get isOpen(): boolean {
    return this.#control.isOpen && this.#bulk.isOpen;
  }

  send(message: Message): boolean {
    const frame = this.#encode(message);
    if (frame === undefined) return false;
    const { lane, reservedBytes, mayBeShed, isUse } = passageOf(message);
    if (isUse) this.uses += 1;
    const connection = lane === "control" ? this.#control : this.#bulk;
    if (connection.send(frame, reservedBytes)) return true;
    if (connection.isOpen) this.#onShed(message.kind, mayBeShed);
    return false;
  }

  close(reason: string): void {
    this.#log.debug("a connection is closed", { peer: this.peer, reason });
    this.#control.close();
    this.#bulk.close();
  }

  #encode(message: Message): Uint8Array | undefined {
    try {
      return encode(message);
    } catch (error) {
      this.#log.error("a message could not be sent", { message: message.kind, error });
      return undefined;
    }
  }

  #onShed(kind: Message["kind"], mayBeShed: boolean): void {
    this.shed += 1;
    // Told at 1, 2, 4, 8… of a connection: a peer that never reads must not fill the log.
    if (Number.isInteger(Math.log2(this.shed))) {
      const fields = { peer: this.peer, message: kind, shed: this.shed };
      this.#log.warn("a peer is slow to read: what is sent to it is shed", fields);
    }
    if (!mayBeShed) this.close(`it takes no more, and "${kind}" must not be lost`);
  }
}
