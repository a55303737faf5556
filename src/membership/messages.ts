/** What membership says between two nodes; the wire declares the same shapes. */
import type { NodeId } from "../core/ids.ts";
import type { MemberRecord } from "./view.ts";

/** Something new of a node. */
export interface News {
  readonly member: MemberRecord;
  /**
   * Whose observation it is, of a `suspect`, or of one `away` as long as too few have seen it; empty:
   * it is established.
   */
  readonly by: NodeId | "";
}

/** A node's id, its incarnation, and the severity of its state. */
export type DigestEntry = readonly [NodeId, number, number];

export type MembershipMessage =
  /**
   * Do you know what I know? `hash` is over all that the sender knows; `member` is the sender; `held`
   * the incarnation under which it knows the receiver, 0 if none.
   */
  | {
      readonly kind: "sync";
      readonly hash: number;
      readonly member: MemberRecord;
      readonly held: number;
    }
  /** The answer: all that the sender knows, in short; empty: the same as you. */
  | { readonly kind: "digest"; readonly entries: readonly DigestEntry[] }
  /** What the other lacks, and whom the sender lacks; `more`: another of these follows. */
  | {
      readonly kind: "members";
      readonly members: readonly MemberRecord[];
      readonly wanted: readonly NodeId[];
      readonly more: boolean;
    }
  /** Answered by an `ack` of that number. */
  | { readonly kind: "ping"; readonly seq: number; readonly news: readonly News[] }
  /** Ping that one for me: answered by an `ack`, or by a `nack` when it does not answer in time. */
  | {
      readonly kind: "ping-request";
      readonly seq: number;
      readonly target: NodeId;
      readonly news: readonly News[];
    }
  /** `hash`: as in `sync`; none: from a peer of a version before it. */
  | {
      readonly kind: "ack";
      readonly seq: number;
      readonly hash?: number;
      readonly news: readonly News[];
    }
  | { readonly kind: "nack"; readonly seq: number }
  | { readonly kind: "gossip"; readonly news: readonly News[] };

/** Members in one message, so that no network makes one too large. */
export const membersPerMessage = 500;
