/**
 * What is said of the replication of one shard: what happens to it, what follows, what its replicas
 * send each other, and what a replica keeps in mind. What becomes of what is in `shard.ts`.
 */
import type { MobError } from "../core/errors.ts";
import type { NodeId } from "../core/ids.ts";
import type { Hints } from "./hints.ts";
import type { Stamp } from "./hlc.ts";
import type { LeafMessage } from "./leaves.ts";
import type { Register } from "./register.ts";
import type { Conflict, Replica } from "./replica.ts";

/** The last node of the part of the ring that the receiver is to pass the message on to. */
type Onward = NodeId;

/** What replicas of one shard send each other; the wire declares the same shapes. */
export type ShardMessage =
  /** Written now by the sender. `durable`: to be flushed and acknowledged by the last one's stamp. */
  | {
      readonly kind: "store-delta";
      readonly shard: number;
      readonly registers: readonly Register[];
      readonly durable: boolean;
      readonly onward?: Onward;
    }
  | { readonly kind: "store-ack"; readonly shard: number; readonly stamp: Stamp }
  /** Will not be acknowledged: why not. */
  | {
      readonly kind: "store-refuse";
      readonly shard: number;
      readonly stamp: Stamp;
      readonly message: string;
    }
  | LeafMessage
  | PurgeMessage;

/** A tombstone or a removal, and the very write that made it. */
export interface Tombstone {
  readonly key: string;
  readonly stamp: Stamp;
}

export type PurgeMessage =
  /**
   * Whether the receiver holds exactly this, on disk, and all those that it passes the question on to;
   * `isAnswer`: the sender does, and `count` nodes in all; a version before 1.3 counts none, and is one.
   */
  | {
      readonly kind: "store-confirm";
      readonly shard: number;
      readonly root: string;
      readonly isAnswer: boolean;
      readonly count?: number;
      readonly onward?: Onward;
    }
  | {
      readonly kind: "store-purge";
      readonly shard: number;
      readonly tombstones: readonly Tombstone[];
      readonly onward?: Onward;
    };

/** What is told to every node. */
export type SpreadMessage = Extract<
  ShardMessage,
  { readonly kind: "store-delta" | "store-confirm" | "store-purge" }
>;

/** A purge that is being asked for, by this node or through it. */
export interface Purge {
  readonly root: string;
  /** Of this node's own purge. */
  readonly tombstones: readonly Tombstone[];
  /** Who asked this node; itself, where it is its own purge. */
  readonly asker: NodeId;
  /** Of how many nodes, this one included, all must hold the same. */
  readonly nodes: number;
  /** How many hold it behind each that has answered; one, this node itself, under its own id. */
  readonly confirmed: Map<NodeId, number>;
}

/** What was purged here not long ago: the stamp of each key. */
export type Purged = Map<string, Stamp>;

/** Whom a flush is for; comes back with its outcome. */
export type FlushPurpose =
  | { readonly kind: "own"; readonly stamp: Stamp }
  /** That all which this root sums up is on disk. */
  | { readonly kind: "confirm"; readonly root: string };

/** One key to write; `value` undefined removes it. */
export interface Entry {
  readonly key: string;
  readonly value?: unknown;
}

/** Who is to hold the shard, as the view has it. */
export interface Place {
  readonly homes: readonly NodeId[];
  /** Who is to flush now; this node too, if it is one of them. */
  readonly acting: readonly NodeId[];
  /** Every other live node, in the order of ids: all of them hold all shards in this version. */
  readonly live: readonly NodeId[];
  /** How many nodes there are in all, those that left aside. */
  readonly known: number;
}

export type ReplicationEvent =
  /** At least one entry; `id` is the caller's and comes back with the outcome. */
  | { readonly kind: "write"; readonly id: number; readonly entries: readonly Entry[] }
  | { readonly kind: "received"; readonly from: NodeId; readonly message: ShardMessage }
  | { readonly kind: "flushed"; readonly purpose: FlushPurpose }
  | { readonly kind: "flush-failed"; readonly purpose: FlushPurpose; readonly error: MobError }
  | { readonly kind: "place"; readonly place: Place }
  /** A connection with a peer was made. */
  | { readonly kind: "peer-up"; readonly peer: NodeId }
  /** This shard reads differently at `peer`. */
  | { readonly kind: "compare"; readonly peer: NodeId }
  /** What is held here must be taken for a blank replica's. */
  | { readonly kind: "blank" }
  /** Time to see whether tombstones may go. */
  | { readonly kind: "purge-due" }
  /** Due every `tickMs` while a write is pending. */
  | { readonly kind: "tick" };

/** What an acknowledgement is worth: these nodes have flushed the write. */
export interface Receipt {
  readonly acks: readonly NodeId[];
  /** Live nodes that were to flush it, the writer included. */
  readonly replicas: number;
  /** Most of the known nodes are not live: another side may be writing too. */
  readonly partitioned: boolean;
}

export type ReplicationEffect =
  /** Put into storage; a flush follows at once where someone waits for it, else within a second or so. */
  | { readonly kind: "persist"; readonly registers: readonly Register[] }
  /** Take out of storage. `horizon`: the newest of what every node forgets alike; absent: they do not. */
  | { readonly kind: "forget"; readonly keys: readonly string[]; readonly horizon?: Stamp }
  | { readonly kind: "flush"; readonly purpose: FlushPurpose }
  /** Flush, and answer `to`, which waits for that, with `answerOf` of the stamp. */
  | { readonly kind: "acknowledge"; readonly to: NodeId; readonly stamp: Stamp }
  /** May be lost: what matters is sent again. */
  | { readonly kind: "send"; readonly to: NodeId; readonly message: ShardMessage }
  /**
   * Tell every live node, or those up to `until` on the ring; who is in `except` has it already and is
   * told only what it is to pass on. May be lost as well.
   */
  | {
      readonly kind: "spread";
      readonly message: SpreadMessage;
      readonly until: NodeId | undefined;
      readonly except: readonly NodeId[];
    }
  | {
      readonly kind: "written";
      readonly id: number;
      readonly registers: readonly Register[];
      readonly receipt: Receipt;
    }
  | { readonly kind: "failed"; readonly id: number; readonly error: MobError }
  /** What now reads differently here, whoever wrote it. */
  | { readonly kind: "changed"; readonly registers: readonly Register[] }
  /** Told at least once, on each node that held the loser. */
  | ({ readonly kind: "conflict" } & Conflict)
  /** The clock of `origin` is over 60 s ahead of this node's: its writes are not taken. */
  | { readonly kind: "clock-ahead"; readonly origin: NodeId; readonly aheadMs: number }
  /** A comparison with `peer` that this node began has ended: what it had is here. */
  | { readonly kind: "compared"; readonly peer: NodeId };

/** Times of one step, in ms: `monoMs` for deadlines, `wallMs` for stamps. */
export interface Now {
  readonly monoMs: number;
  readonly wallMs: number;
}

/** A write that this node has begun and no majority has acknowledged yet. */
export interface PendingWrite {
  readonly id: number;
  readonly registers: readonly Register[];
  readonly acks: Set<NodeId>;
  /** Who will not acknowledge it, and why. */
  readonly refusals: Map<NodeId, string>;
  readonly sinceMs: number;
}

/** Owned by whoever steps it and changed in place, like its replica. */
export interface ReplicationState {
  readonly replica: Replica;
  place: Place;
  /** Since when, in ms of a monotonic clock. */
  placedAtMs: number;
  /** By `stampText` of the last register. */
  readonly pending: Map<string, PendingWrite>;
  readonly hints: Hints;
  purge: Purge | undefined;
  readonly purged: Purged;
  /** When that was, the last time, in ms of a monotonic clock. */
  purgedAtMs: number;
  /** What a blank replica no longer holds and still shows, until a peer has told what is so. */
  readonly ghosts: Map<string, Stamp>;
}

export interface ReplicationStep {
  readonly state: ReplicationState;
  readonly effects: readonly ReplicationEffect[];
}
