/**
 * Every register that this node holds, to be read, listed and watched by key without asking anyone.
 * The `store-shard` actors write it; a watch is told what they merge, from its cursor on.
 */
import type { Clock } from "../core/env.ts";
import { BadRequest, Unavailable } from "../core/errors.ts";
import { type ShardId, shardOf } from "../ring/ranking.ts";
import { shardOfKey } from "../store/key-shard.ts";
import type { Register } from "../store/register.ts";
import type { Replica } from "../store/replica.ts";
import { type Change, cursorOf, watchKeysMax } from "../store/watching.ts";
import { isWithin, RecordWatch, type WatchRange } from "./record-watch.ts";
import type { ShardMap } from "./shard-map.ts";

/** Watches of one node at once. */
const watchesMax = 1_000;

export class Records {
  readonly #shards: ShardMap;
  readonly #clock: Clock;
  readonly #replicas = new Map<ShardId, Replica>();
  readonly #watches = new Set<RecordWatch>();

  constructor(shards: ShardMap, clock: Clock) {
    this.#shards = shards;
    this.#clock = clock;
  }

  /** A shard's actor begins its life with this. */
  open(replica: Replica): void {
    this.#replicas.set(replica.shard, replica);
    this.changed([...replica.registers.values()]);
  }

  /** These read differently here now. */
  changed(registers: readonly Register[]): void {
    for (const watch of this.#watches) watch.changed(registers);
  }

  /** All of a shard; undefined: nothing of it is held. */
  replica(shard: ShardId): Replica | undefined {
    return this.#replicas.get(shard);
  }

  /** Removals that this node remembers. */
  get tombstones(): number {
    return [...this.#replicas.values()].reduce((sum, { tombstones }) => sum + tombstones.size, 0);
  }

  /** The value of a key, or undefined if it was removed or never written. */
  get(key: string): unknown {
    return this.#replicas.get(shardOfKey(key))?.registers.get(key)?.value;
  }

  /** All that is there within a range, in order of keys; each shard that may have some is looked at once. */
  list(range: WatchRange): readonly Change[] {
    const found = this.#within(range).filter(({ value }) => value !== undefined);
    return found
      .sort((a, b) => (a.key < b.key ? -1 : 1))
      .map(({ key, value, stamp }) => ({ key, value, stamp }));
  }

  /**
   * Each change within a range, beginning with what is not in `told`: what the watcher was told of each
   * key, by this or any other node. Until `signal`.
   * @throws BadRequest for what no node has told; Unavailable where there are too many watches
   */
  watch(
    range: WatchRange,
    told: readonly unknown[],
    signal: AbortSignal,
  ): AsyncIterable<readonly Change[]> {
    const cursor = cursorOf(told);
    if (cursor === undefined)
      throw new BadRequest("what the watch was told is not as nodes tell it");
    if (this.#watches.size >= watchesMax) throw new Unavailable(`${watchesMax} watches are open`);
    if (this.#within(range).length > watchKeysMax) {
      throw new BadRequest(`a watch has at most ${watchKeysMax} keys: name the services`);
    }
    const watch = new RecordWatch(range, cursor, {
      held: () => this.#within(range),
      horizon: () => (this.#shards.isWhole ? this.#shards.horizon : undefined),
      wallMs: () => this.#clock.wall(),
    });
    if (!signal.aborted) this.#watches.add(watch);
    signal.addEventListener("abort", () => this.#watches.delete(watch), { once: true });
    return watch.changes(signal);
  }

  /** Tells what was purged before its removal came here; due from time to time. */
  lookAgain(): void {
    for (const watch of this.#watches) watch.lookAgain();
  }

  #within(range: WatchRange): Register[] {
    return this.#replicasOf(range).flatMap(({ registers }) =>
      [...registers.values()].filter(({ key }) => isWithin(key, range)),
    );
  }

  #replicasOf({ groups }: WatchRange): readonly Replica[] {
    if (groups === undefined) return [...this.#replicas.values()];
    const shards = new Set([...groups].map(shardOf));
    return [...shards]
      .map((shard) => this.#replicas.get(shard))
      .filter((replica) => replica !== undefined);
  }
}
