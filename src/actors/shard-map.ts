/**
 * Where every shard is, and what this node holds of it, in one table: who is to hold which is written
 * by `store`, the roots by the `store-shard` actors, and both are read without asking anyone.
 */
import type { NodeId } from "../core/ids.ts";
import { asServiceName } from "../core/ids.ts";
import { homesOf, type RingNode } from "../ring/homes.ts";
import { type ShardId, shardOf } from "../ring/ranking.ts";
import { groupOf } from "../services/service-name.ts";
import { type Digest, emptyRoot, rootOf } from "../store/digest.ts";
import type { Stamp } from "../store/hlc.ts";
import type { Place } from "../store/replication.ts";

export class ShardMap {
  /**
   * The newest of what is known to have been forgotten by all: what else was there then and is to stay, this node
   * holds, or whoever it is about to meet.
   */
  horizon: Stamp | undefined;
  readonly #self: NodeId;
  readonly #isToJoin: boolean;
  readonly #places = new Map<ShardId, Place>();
  readonly #roots = new Map<ShardId, string>();
  /** Of shards that changed since the roots were last read: most change often in between. */
  readonly #changed = new Map<ShardId, Digest>();
  readonly #toPurge = new Set<ShardId>();
  #ring: readonly RingNode[];
  #live: readonly NodeId[] = [];
  #known = 1;
  #isFresh: (shard: ShardId) => boolean = () => true;
  #hasMetAll: () => boolean = () => false;

  /** @param isToJoin others are known to be there before any of them is met */
  constructor(self: NodeId, isToJoin: boolean) {
    this.#self = self;
    this.#isToJoin = isToJoin;
    this.#ring = [{ id: self, isLive: true }];
  }

  /** @param live the other live nodes; @param known how many nodes there are, those that left aside */
  publish(ring: readonly RingNode[], live: readonly NodeId[], known: number): void {
    this.#ring = ring;
    this.#live = live;
    this.#known = known;
    this.#places.clear();
  }

  /** The other live nodes, in the order of ids. */
  get live(): readonly NodeId[] {
    return this.#live;
  }

  placeOf(shard: ShardId): Place {
    const held = this.#places.get(shard);
    if (held !== undefined) return held;
    const { homes, acting } = homesOf(shard, this.#ring);
    const place = { homes, acting, live: this.#live, known: this.#known };
    this.#places.set(shard, place);
    return place;
  }

  /** Who writes for the shard now. */
  writerOf(shard: ShardId): NodeId {
    return this.placeOf(shard).acting[0] ?? this.#self;
  }

  /** Roots of the shards of which this node holds anything. */
  get roots(): ReadonlyMap<ShardId, string> {
    for (const [shard, digest] of this.#changed) {
      const root = rootOf(digest);
      if (root === emptyRoot) this.#roots.delete(shard);
      else this.#roots.set(shard, root);
    }
    this.#changed.clear();
    return this.#roots;
  }

  /** Shards in which there are tombstones here, or some of which it is remembered that they were purged. */
  get toPurge(): ReadonlySet<ShardId> {
    return this.#toPurge;
  }

  /** What this node holds of a shard has changed. @param digest the one that is kept up to date */
  hold(shard: ShardId, digest: Digest, isToPurge: boolean): void {
    this.#changed.set(shard, digest);
    if (isToPurge) this.#toPurge.add(shard);
    else this.#toPurge.delete(shard);
  }

  /** How to know whether a shard, or everything, is up to date here; told by `store` when it starts. */
  useFreshness(isFresh: (shard: ShardId) => boolean, hasMetAll: () => boolean): void {
    this.#isFresh = isFresh;
    this.#hasMetAll = hasMetAll;
  }

  /** Whether every node that is known lives, and all that they held when they were met is here. */
  get isWhole(): boolean {
    return this.#live.length + 1 >= this.#known && this.#hasMetAll();
  }

  /**
   * Whether all that the nodes hold which are taken to be live is here, as far as there are any. A blank node that
   * has yet to meet the network that it is to join knows nothing.
   */
  get hasCaughtUp(): boolean {
    if (this.#isToJoin && this.#known <= 1) return false;
    return this.#hasMetAll();
  }

  /** Whether what is held here of a shard is all that the peers just met have told of it. */
  isFresh(shard: ShardId): boolean {
    return this.#isFresh(shard);
  }

  /** Whether what is held here of a service is all that the peers just met have told of it. */
  isReady(name: string): boolean {
    return this.#isFresh(shardOf(groupOf(asServiceName(name))));
  }
}
