/** What two nodes say to each other to find what they hold differently, and what there is to decide about it. */
import type { NodeId } from "../core/ids.ts";
import type { ShardId } from "../ring/ranking.ts";
import type { Stamp } from "./hlc.ts";

/** What a node holds, as far as comparing goes. */
export interface Held {
  /** Of the shards in which there is anything. */
  readonly roots: ReadonlyMap<ShardId, string>;
  /** The newest of what all nodes have forgotten, as far as this one knows. */
  readonly horizon: Stamp | undefined;
}

/** What two nodes send each other to find the shards that they do not hold alike. */
export type RepairMessage =
  | { readonly kind: "store-digest"; readonly hash: string }
  /**
   * The answer. `isSame`: nothing differs, and there are no roots in it. `horizon`: the newest of what all nodes have
   * forgotten, of a sender who has met all those whom it knows but the receiver; a version before 1.5 tells none.
   */
  | {
      readonly kind: "store-roots";
      readonly isSame: boolean;
      readonly roots: readonly { readonly shard: number; readonly root: string }[];
      readonly horizon?: Stamp;
    };

export type RepairEvent =
  | { readonly kind: "received"; readonly from: NodeId; readonly message: RepairMessage }
  /** The other live nodes, as the view has them. */
  | { readonly kind: "live"; readonly peers: readonly NodeId[] }
  | { readonly kind: "peer-up"; readonly peer: NodeId }
  /** Something for the peer was shed. */
  | { readonly kind: "lagging"; readonly peer: NodeId }
  /** The comparison of a shard with a peer has ended. */
  | { readonly kind: "compared"; readonly peer: NodeId; readonly shard: ShardId }
  /** These shards hold nothing any more: whatever the roots say, a peer is to tell what is in them. */
  | { readonly kind: "blank"; readonly shards: readonly ShardId[] }
  /** A write waits for this shard. */
  | { readonly kind: "hurry"; readonly shard: ShardId }
  /** Due every `repairTickMs`; `draw` in [0, 1) chooses the peer. */
  | { readonly kind: "tick"; readonly draw: number };

export type RepairEffect =
  | { readonly kind: "send"; readonly to: NodeId; readonly message: RepairMessage }
  | { readonly kind: "compare"; readonly peer: NodeId; readonly shard: ShardId }
  /** All that was held where this is known is here: it is known here as well. */
  | { readonly kind: "horizon"; readonly stamp: Stamp }
  /** Some shards may have become fresh. */
  | { readonly kind: "fresh" };
