/**
 * Writes on their way to the node that writes for their shard. Here they wait until what a peer that
 * was just met holds of the shard is known, so that nothing is written over unread; on the way to
 * another node, where that one was lost a moment ago, until the view names the next.
 */
import type { Env } from "../core/env.ts";
import { OutcomeUnknown, Unavailable, Unreachable } from "../core/errors.ts";
import type { NodeId } from "../core/ids.ts";
import type { ActorSystem } from "../otp/actor-system.ts";
import { NoSuchActor } from "../otp/errors.ts";
import type { ShardId } from "../ring/ranking.ts";
import { shardOfKey } from "../store/key-shard.ts";
import type { Entry, Receipt } from "../store/replication.ts";
import type { Durability } from "./durability.ts";
import { storeShardName } from "./names.ts";
import type { ShardMap } from "./shard-map.ts";
import type { StoreShardProtocol } from "./store-shard.ts";

/** How long it is tried to find the node that writes: longer than the death of one goes unseen. */
const tryMsMax = 8_000;
/** Pause before it is tried again. */
export const againMs = 250;
/** Above the time after which the shard itself gives up. */
const localTimeoutMs = 11_000;
/** Writes waiting for one shard to be up to date before more are refused. */
const waitingMax = 10_000;

/** One write, its entries in one shard or in several, each of which takes its own or none. */
export type WriteRequest = {
  readonly entries: readonly Entry[];
  /** The sender's view says that this node writes for the shard. */
  readonly here?: boolean;
};

export interface ShardWritesOptions {
  readonly node: NodeId;
  readonly system: ActorSystem;
  readonly env: Env;
  readonly shards: ShardMap;
  readonly durability: Durability;
  readonly isFresh: (shard: ShardId) => boolean;
  /** Someone waits for the shard to be fresh. */
  readonly hurry: (shard: ShardId) => void;
  /** Starts the actor of a shard; undefined: it runs. */
  readonly ensure: (shard: ShardId) => Promise<void> | undefined;
  /** Has another node write whoever should. */
  readonly sendTo: (writer: NodeId, entries: readonly Entry[]) => Promise<Receipt>;
  /** Has `again` called `againMs` from now, if the store lives then: what it was asked for ends with it. */
  readonly againLater: () => void;
}

export class ShardWrites {
  readonly #options: ShardWritesOptions;
  readonly #waiting = new Map<ShardId, (() => void)[]>();
  /** The last write of each key that is on its way. */
  readonly #last = new Map<string, number>();
  /** Writes that are to be tried again, the first of them next. */
  readonly #pausing: (() => void)[] = [];
  #orders = 0;

  constructor(options: ShardWritesOptions) {
    this.#options = options;
  }

  /** Entries of several shards are written side by side; told is the worst of the outcomes. */
  all({ entries, here = false }: WriteRequest): Promise<Receipt> {
    const write = (shard: ShardId, of: readonly Entry[]) =>
      here ? this.#here(shard, of) : this.#write(shard, of);
    const shards = entries.map(({ key }) => shardOfKey(key));
    const [first] = shards;
    // Nearly always: then one promise less, and no map.
    if (first !== undefined && shards.every((shard) => shard === first))
      return write(first, entries);
    return worstOf(
      [...new Set(shards)].map((shard) =>
        write(
          shard,
          entries.filter((_, at) => shards[at] === shard),
        ),
      ),
    );
  }

  /** Writes where the shard's writer is. @throws what the write fails with */
  async #write(shard: ShardId, entries: readonly Entry[]): Promise<Receipt> {
    const { node, shards, env, sendTo, againLater } = this.#options;
    const order = ++this.#orders;
    for (const { key } of entries) this.#last.set(key, order);
    const isLast = ({ key }: Entry) => this.#last.get(key) === order;
    const giveUpAtMs = env.clock.mono() + tryMsMax;
    try {
      for (let left = entries; ; ) {
        const writer = shards.writerOf(shard);
        try {
          return await (writer === node ? this.#here(shard, left) : sendTo(writer, left));
        } catch (error) {
          const isUntouched = error instanceof Unreachable || error instanceof NoSuchActor;
          if (!isUntouched || env.clock.mono() > giveUpAtMs) throw error;
        }
        againLater();
        await new Promise<void>((resolve) => this.#pausing.push(resolve));
        left = left.filter(isLast);
        if (left.length === 0) throw new OutcomeUnknown("a later write has taken its place");
      }
    } finally {
      for (const { key } of entries.filter(isLast)) this.#last.delete(key);
    }
  }

  /** Writes here, whoever should: another node's view says that it is this one. */
  async #here(shard: ShardId, entries: readonly Entry[]): Promise<Receipt> {
    const { system, ensure, durability } = this.#options;
    await this.fresh(shard);
    // Whoever has just made room is not made to wait for the next tick.
    if (durability.failure !== undefined) await durability.settle();
    const { failure } = durability;
    if (failure !== undefined) {
      const message = `nothing is written until the disk takes it: ${failure.message}`;
      throw new Unavailable(message, { cause: failure });
    }
    await ensure(shard);
    const options = { timeoutMs: localTimeoutMs, atOnce: true };
    return system.call<StoreShardProtocol, "write">(
      storeShardName(shard),
      "write",
      { entries },
      options,
    );
  }

  /**
   * Resolves once what is held here of the shard is up to date, or was waited for long enough. Not async, which would
   * take whoever waited a turn more than whoever comes later, and finds it fresh: of two writes of one key the later
   * one is to count.
   */
  fresh(shard: ShardId): Promise<void> {
    const { isFresh, hurry } = this.#options;
    const waiting = this.#waiting.get(shard) ?? [];
    if (waiting.length === 0 && isFresh(shard)) return Promise.resolve();
    if (waiting.length >= waitingMax) {
      const message = `${waitingMax} writes wait for what other nodes hold already`;
      return Promise.reject(new Unavailable(message));
    }
    hurry(shard);
    return new Promise((resolve) => {
      waiting.push(resolve);
      this.#waiting.set(shard, waiting);
    });
  }

  /** Lets those go on that waited for what is fresh now. */
  release(): void {
    for (const [shard, waiting] of this.#waiting) {
      if (!this.#options.isFresh(shard)) continue;
      this.#waiting.delete(shard);
      for (const goOn of waiting) goOn();
    }
  }

  /** Lets the write go on whose pause is over: all are of one length. */
  again(): void {
    this.#pausing.shift()?.();
  }

  get waiting(): number {
    return [...this.#waiting.values()].reduce((sum, { length }) => sum + length, 0);
  }
}

async function worstOf(writes: readonly Promise<Receipt>[]): Promise<Receipt> {
  const receipts = await Promise.all(writes);
  return receipts.reduce((worst, one) => (one.acks.length < worst.acks.length ? one : worst));
}
