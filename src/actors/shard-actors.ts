/**
 * The `store-shard` actors of this node: each is started when it is first needed, and from then on told
 * in the order in which it is spoken to. Its supervisor sees to it that it lives.
 */
import type { Log } from "../core/log.ts";
import type { ActorSystem } from "../otp/actor-system.ts";
import { startChild, whichChildren } from "../otp/children.ts";
import { ChildState } from "../otp/errors.ts";
import { worker } from "../otp/worker.ts";
import type { ShardId } from "../ring/ranking.ts";
import type { ReplicationEvent } from "../store/replication.ts";
import { names, storeShardName } from "./names.ts";
import { type StoreShardInfo, type StoreShardOptions, storeShard } from "./store-shard.ts";

/** Messages waiting for one shard: bursts of a large network fit. */
const mailboxMax = 100_000;

export class ShardActors {
  readonly #system: ActorSystem;
  readonly #options: StoreShardOptions;
  readonly #log: Log;
  /** A promise: it is being started. */
  readonly #running = new Map<ShardId, Promise<void> | undefined>();

  constructor(system: ActorSystem, options: StoreShardOptions, log: Log) {
    this.#system = system;
    this.#options = options;
    this.#log = log;
  }

  /** Those that run, or are being started. */
  get shards(): readonly ShardId[] {
    return [...this.#running.keys()];
  }

  /** Finds what an earlier life of `store` has started, and starts those of `kept`. */
  async open(kept: Iterable<ShardId>): Promise<void> {
    for (const { id } of await whichChildren(this.#system, names.shards)) {
      this.#running.set(Number(id) as ShardId, undefined);
    }
    await Promise.all([...kept].map((shard) => this.ensure(shard)));
  }

  /** Resolves once the shard's actor runs; undefined: it does. */
  ensure(shard: ShardId): Promise<void> | undefined {
    if (this.#running.has(shard)) return this.#running.get(shard);
    const start = worker({
      name: storeShardName(shard),
      mailboxMax,
      behaviour: () => storeShard(shard, this.#options),
    });
    const isThere = () => void this.#running.set(shard, undefined);
    const starting = startChild(this.#system, names.shards, { id: `${shard}`, start }).then(
      isThere,
      (error: unknown) => {
        // Begun by the life of `store` before this one, and come to the supervisor in its present life.
        if (error instanceof ChildState) return isThere();
        this.#running.delete(shard);
        throw error;
      },
    );
    this.#running.set(shard, starting);
    return starting;
  }

  /** The actor is started if it does not run. */
  tell(shard: ShardId, event: ReplicationEvent): void {
    const starting = this.ensure(shard);
    if (starting === undefined) {
      // In the turn of `store`: for most of what comes for a shard, a turn costs more than the event.
      this.#system.deliver(storeShardName(shard), { type: "event", event });
    } else {
      starting.then(
        () => this.#tell(shard, { type: "event", event }),
        (error: unknown) => {
          this.#log.error("a shard cannot be opened", { shard, error });
        },
      );
    }
  }

  /** Tells all that run. */
  tellAll(message: StoreShardInfo): void {
    for (const shard of this.#running.keys()) this.#tell(shard, message);
  }

  #tell(shard: ShardId, message: StoreShardInfo): void {
    this.#system.tell(storeShardName(shard), message);
  }
}
