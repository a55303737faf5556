/**
 * The disk as the store sees it: flushes, and whether the last one failed. While it is full or cannot
 * be written, new writes are refused before they are begun, reads go on, and the flush is tried again
 * until there is room.
 */
import { MobError, Unavailable } from "../core/errors.ts";
import type { Log } from "../core/log.ts";
import type { Storage } from "../storage/storage.ts";

export class Durability {
  readonly #storage: Storage;
  readonly #log: Log;
  #failure: MobError | undefined;
  /** The last flush that was asked for, and what became of it. */
  #last: { readonly flush: Promise<void>; readonly outcome: Promise<void> } | undefined;

  constructor(storage: Storage, log: Log) {
    this.#storage = storage;
    this.#log = log;
  }

  /** Why the disk refuses; undefined while it does not. */
  get failure(): MobError | undefined {
    return this.#failure;
  }

  /** Resolves when all that was put is durable. @throws MobError when the disk refuses */
  flush(): Promise<void> {
    const flush = this.#storage.flush();
    // Shared by all who ask before it starts: so is what is seen of it.
    if (this.#last?.flush !== flush) this.#last = { flush, outcome: this.#outcomeOf(flush) };
    return this.#last.outcome;
  }

  async #outcomeOf(flush: Promise<void>): Promise<void> {
    try {
      await flush;
    } catch (cause) {
      const error =
        cause instanceof MobError ? cause : new Unavailable("the disk refuses", { cause });
      if (this.#failure === undefined) {
        this.#log.error("the disk refuses: writes are refused until it does not", { error });
      }
      this.#failure = error;
      throw error;
    }
    if (this.#failure !== undefined) this.#log.info("the disk takes writes again");
    this.#failure = undefined;
  }

  /**
   * Flushes what nobody waits for, such as copies for which other nodes have answered, and anew what a
   * failed flush has left. Costs nothing where all is flushed. Never rejects.
   */
  async settle(): Promise<void> {
    await this.flush().catch(() => {}); // It was told when it began.
  }
}
