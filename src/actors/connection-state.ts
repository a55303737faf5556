/** What the actor of one connection with a peer is given, is told, and holds. */
import type { Self } from "../otp/gen-server.ts";
import type { Protocol } from "../otp/protocol.ts";
import type { Connection } from "../transport/transport.ts";
import type { KeyRing } from "../trust/key-ring.ts";
import type { Handshake, Neighbours } from "../wire/handshake.ts";
import type { Identity, Message } from "../wire/messages.ts";
import type { Catalog } from "./catalog.ts";
import type { HalfLink, Link, Links } from "./links.ts";
import type { Refusals } from "./refusals.ts";

export interface ConnectionOptions {
  /** One that was accepted, or the address to dial. */
  readonly from:
    | { readonly accepted: Connection }
    | {
        readonly address: string;
        readonly dial: (address: string) => Promise<Connection>;
        /** The control connection's, where this is to be the bulk one. */
        readonly bulkOf?: HalfLink;
      };
  /** Starts another connection. */
  readonly connect: (from: ConnectionOptions["from"]) => void;
  readonly identity: Identity;
  readonly keyRing: KeyRing;
  readonly links: Links;
  readonly catalog: Catalog;
  readonly refusals: Refusals;
}

/** What it is told. */
export type ConnectionInfo =
  | { readonly type: "dialed"; readonly connection: Connection }
  | { readonly type: "dial-failed"; readonly error: unknown }
  | { readonly type: "frame"; readonly frame: Uint8Array }
  | { readonly type: "closed"; readonly error: Error | undefined }
  | { readonly type: "late" };

/** What the actor of one connection holds. */
export interface ConnectionState {
  readonly self: Self<Protocol, ConnectionInfo>;
  readonly options: ConnectionOptions;
  readonly neighbours: Neighbours;
  connection: Connection | undefined;
  /** This life is over, also by a kill. */
  hasEnded: boolean;
  handshake: Handshake | undefined;
  /** While this is a control connection that waits for its bulk one. */
  half: HalfLink | undefined;
  link: Link | undefined;
  /** What the peer said before the link was whole at this end. */
  early: Message[];
  /** Frames that wait in the mailbox: none may overtake them. */
  framesInTurn: number;
  /** This is the link's bulk connection: the actor of the control one speaks for the link. */
  isBulk: boolean;
}
