/** What happens to a node's membership, and what it has done about it. */
import type { NodeId } from "../core/ids.ts";
import type { MembershipMessage } from "./messages.ts";
import type { Facts, Member, MemberRecord, View } from "./view.ts";

/**
 * Why a dial came to nothing. `refused`: the host answers and nobody listens there. `rejected`: a node
 * answered and will never let this one in (itself, another network); a refusal that may pass, such as
 * a taken name, is `unreachable`.
 */
export type DialFailure = "refused" | "unreachable" | "rejected";

/** Why what a node has on its disk must be taken for a blank replica's. */
export type OutdatedReason =
  /** Others remember a later life of it: the disk is an old snapshot. */
  | "snapshot"
  /** It was forgotten: others may have dropped what must not come back. */
  | "forgotten";

export type MembershipEvent =
  /** `dueAtMs` of the state has come. */
  | { readonly kind: "timer" }
  /**
   * The handshake is done. `dialed`: the address it was dialed at; undefined when the peer dialed. The
   * one that dialed compares what both know.
   */
  | { readonly kind: "connected"; readonly peer: NodeId; readonly dialed?: string | undefined }
  /** The last connection with the peer has ended. */
  | { readonly kind: "disconnected"; readonly peer: NodeId }
  /** Something is for a live node that this one is not connected with. */
  | { readonly kind: "wanted"; readonly peer: NodeId }
  | { readonly kind: "dial-failed"; readonly address: string; readonly why: DialFailure }
  | { readonly kind: "received"; readonly from: NodeId; readonly message: MembershipMessage }
  /** What an earlier life knew: all that follows is whom to dial. */
  | { readonly kind: "recalled"; readonly members: readonly MemberRecord[] }
  | { readonly kind: "join-requested"; readonly address: string }
  /** Whoever asked for the join was told that it failed: it is dialed no more for its sake. */
  | { readonly kind: "join-given-up"; readonly address: string }
  | { readonly kind: "facts-changed"; readonly facts: Facts }
  /** The node says goodbye: it dials and probes no one from now on. */
  | { readonly kind: "leave" }
  /** A user gave up a node that is not live: every node drops it. */
  | { readonly kind: "forget"; readonly node: NodeId }
  /** The boot counter that was asked for is durable. */
  | { readonly kind: "boot-raised"; readonly boot: number };

export type MembershipEffect =
  /** Lost if the peer is not connected. */
  | { readonly kind: "send"; readonly to: NodeId; readonly message: MembershipMessage }
  /** Answered by `connected` or `dial-failed`. */
  | { readonly kind: "dial"; readonly address: string }
  /** No connection with a node that was wanted comes about. */
  | { readonly kind: "unmet"; readonly peer: NodeId }
  /** This node's view has changed. */
  | { readonly kind: "publish"; readonly view: View }
  /** Close the connection with a peer that is dead or has left, or over which nothing comes any more. */
  | { readonly kind: "close"; readonly peer: NodeId; readonly reason: string }
  /** Another live node has this one's name and goes first: this one must stop. */
  | { readonly kind: "name-taken"; readonly by: Member }
  /** Make this boot counter durable, then say so. */
  | { readonly kind: "raise-boot"; readonly boot: number }
  /** The data of this node must be taken for a blank replica's. At most once a reason. */
  | { readonly kind: "outdated"; readonly why: OutdatedReason };
