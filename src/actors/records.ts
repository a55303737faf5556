/**
 * Every register that this node holds, to be read, listed and watched by key without asking anyone.
 * The `store-shard` actors write it; a watch is told what they merge, from its cursor on.
 */
import type { Clock } from "../core/env.ts";
import { BadRequest, Unavailable } from "../core/errors.ts";
import type { ShardId } from "../ring/ranking.ts";
import { shardOfKey } from "../store/key-shard.ts";
import type { Register } from "../store/register.ts";
import type { Replica } from "../store/replica.ts";
import {
  type Change,
  type Cursor,
  catchUp,
  decodeCursor,
  encodeCursor,
  follow,
  watchKeysMax,
} from "../store/watching.ts";
import type { ShardMap } from "./shard-map.ts";

/** What a watch is told: changes in the order in which they came here, never none. */
export type OnChanges = (changes: readonly Change[], cursor: () => string) => void;

interface Watch {
  readonly prefix: string;
  readonly cursor: Cursor;
  readonly onChanges: OnChanges;
}

/** Watches of one node at once. */
const watchesMax = 1_000;

export class Records {
  readonly #shards: ShardMap;
  readonly #clock: Clock;
  readonly #replicas = new Map<ShardId, Replica>();
  readonly #watches = new Set<Watch>();

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
    for (const watch of this.#watches) {
      const { prefix, cursor } = watch;
      const changes = follow(cursor, within(registers, prefix));
      if (changes.length > 0) tell(watch, changes);
    }
  }

  /** Removals that this node remembers. */
  get tombstones(): number {
    return [...this.#replicas.values()].reduce((sum, { tombstones }) => sum + tombstones.size, 0);
  }

  /** The value of a key, or undefined if it was removed or never written. */
  get(key: string): unknown {
    return this.#replicas.get(shardOfKey(key))?.registers.get(key)?.value;
  }

  /** All that starts with `prefix`, in order of keys; each shard that may have some is looked at once. */
  list(prefix: string): readonly Change[] {
    const found = this.#under(prefix).filter(({ value }) => value !== undefined);
    return found
      .sort((a, b) => (a.key < b.key ? -1 : 1))
      .map(({ key, value, stamp }) => ({ key, value, stamp }));
  }

  /**
   * Tells each change of a key that starts with `prefix`, beginning with what `from`, a cursor of this
   * or any other node, has not seen; without one, with all there is. Until the function returned is
   * called. @throws BadRequest for a cursor that is none, Unavailable where there are too many
   */
  watch(prefix: string, from: string | undefined, onChanges: OnChanges): () => void {
    const cursor: Cursor | undefined = from === undefined ? new Map() : decodeCursor(from);
    if (cursor === undefined) throw new BadRequest("the cursor of the watch is none");
    if (this.#watches.size >= watchesMax) throw new Unavailable(`${watchesMax} watches are open`);
    const held = this.#under(prefix);
    if (held.length > watchKeysMax) {
      throw new BadRequest(`a watch has at most ${watchKeysMax} keys: name a smaller range`);
    }
    const watch: Watch = { prefix, cursor, onChanges };
    this.#watches.add(watch);
    this.#catchUp(watch, held);
    return () => this.#watches.delete(watch);
  }

  /** Tells what was purged before its removal came here; due from time to time. */
  lookAgain(): void {
    for (const watch of this.#watches) this.#catchUp(watch, this.#under(watch.prefix));
  }

  #catchUp(watch: Watch, held: readonly Register[]): void {
    const { cursor } = watch;
    const changes = catchUp(cursor, held, this.#shards.isWhole, this.#clock.wall());
    if (changes.length > 0) tell(watch, changes);
  }

  #under(prefix: string): Register[] {
    const [kind, group, ...rest] = prefix.split("/");
    // With the group whole in it, the range is in that group's shard.
    const isOfGroup = kind !== undefined && group !== undefined && rest.length > 0;
    const one = isOfGroup ? this.#replicas.get(shardOfKey(prefix)) : undefined;
    const replicas = isOfGroup ? (one === undefined ? [] : [one]) : [...this.#replicas.values()];
    return replicas.flatMap(({ registers }) => [...within(registers.values(), prefix)]);
  }
}

function* within(registers: Iterable<Register>, prefix: string): Iterable<Register> {
  for (const register of registers) if (register.key.startsWith(prefix)) yield register;
}

function tell({ cursor, onChanges }: Watch, changes: readonly Change[]): void {
  onChanges(changes, () => encodeCursor(cursor));
}
