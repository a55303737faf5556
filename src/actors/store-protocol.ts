/** What the store of a node is asked and told. */
import type { NodeId } from "../core/ids.ts";
import type { ShardId } from "../ring/ranking.ts";
import type { RepairMessage } from "../store/comparing.ts";
import type { Receipt, ShardMessage } from "../store/replication.ts";
import type { WriteRequest } from "./shard-writes.ts";

export type StoreMessage = ShardMessage | RepairMessage;

export type StoreProtocol = {
  /** Answered when it is durable on a majority of the live replicas. */
  write: { request: WriteRequest; reply: Receipt };
  /** Answered once what is held here of the key's shard is up to date. */
  ready: { request: { key: string }; reply: "ready" };
  /** Answered once what the nodes hold that are known from before is here, at the latest `catchUpMsMax` after the start. */
  caughtUp: { request: undefined; reply: "caught-up" };
};

export type StoreInfo =
  | { readonly type: "received"; readonly from: NodeId; readonly message: StoreMessage }
  | { readonly type: "view" }
  | { readonly type: "peer-up"; readonly peer: NodeId }
  /** Something for the peer was shed. */
  | { readonly type: "lagging"; readonly peer: NodeId }
  /** What this node holds must be taken for a blank replica's, and why. */
  | { readonly type: "outdated"; readonly why: string }
  | { readonly type: "compared"; readonly peer: NodeId; readonly shard: ShardId }
  /** A node that has just started has waited for the others long enough. */
  | { readonly type: "waited" }
  /** A write is to be tried again. */
  | { readonly type: "again" }
  | { readonly type: "tick" };
