/**
 * Storage over something that commits: what was put is seen at once and waits in memory, until a flush
 * puts all of it into one transaction. Flushes that come together cost one. The disk of the simulator is
 * used through it too, so that what is proved there is what runs.
 */
import { checkKey, compareKeys } from "./keys.ts";
import type { Storage } from "./storage.ts";

/** Values by key; undefined: to be removed. */
export type Writes = ReadonlyMap<string, Uint8Array | undefined>;

/** What keeps the values. */
export interface Committing {
  /** As committed last. */
  get(key: string): Uint8Array | undefined;
  /** Every committed entry whose key starts with `prefix`, in any order. */
  entries(prefix: string): Iterable<readonly [key: string, value: Uint8Array]>;
  /** One transaction, durable when resolved; called again only after that. @throws Unavailable: nothing of it is kept */
  commit(writes: Writes): Promise<void>;
  close(): Promise<void>;
}

export class BatchedStorage implements Storage {
  readonly #below: Committing;
  /** In no transaction yet. */
  #waiting = new Map<string, Uint8Array | undefined>();
  /** In the transaction that is being committed. */
  #committing: Writes = new Map();
  #running: Promise<void> = Promise.resolve();
  /** The flush that will take what waits now; shared by all who ask before it starts. */
  #next: Promise<void> | undefined;

  constructor(below: Committing) {
    this.#below = below;
  }

  get(key: string): Uint8Array | undefined {
    for (const writes of [this.#waiting, this.#committing]) {
      if (writes.has(key)) return writes.get(key);
    }
    return this.#below.get(key);
  }

  put(key: string, value: Uint8Array): void {
    checkKey(key);
    this.#waiting.set(key, Buffer.from(value));
  }

  remove(key: string): void {
    checkKey(key);
    this.#waiting.set(key, undefined);
  }

  list(prefix: string): Iterable<{ readonly key: string; readonly value: Uint8Array }> {
    const found = new Map<string, Uint8Array | undefined>(this.#below.entries(prefix));
    for (const writes of [this.#committing, this.#waiting]) {
      for (const [key, value] of writes) if (key.startsWith(prefix)) found.set(key, value);
    }
    return [...found]
      .flatMap(([key, value]) => (value === undefined ? [] : [{ key, value }]))
      .sort((a, b) => compareKeys(a.key, b.key));
  }

  flush(): Promise<void> {
    this.#next ??= this.#afterRunning();
    return this.#next;
  }

  async close(): Promise<void> {
    await this.#running.catch(() => {}); // Whoever asked for that flush was told.
    await this.#below.close();
  }

  async #afterRunning(): Promise<void> {
    await this.#running.catch(() => {}); // As above.
    this.#next = undefined;
    this.#running = this.#commit();
    await this.#running;
  }

  async #commit(): Promise<void> {
    if (this.#waiting.size === 0) return;
    this.#committing = this.#waiting;
    this.#waiting = new Map();
    try {
      await this.#below.commit(this.#committing);
    } catch (error) {
      // Nothing of it is kept: it waits again, below what was put meanwhile.
      this.#waiting = new Map([...this.#committing, ...this.#waiting]);
      throw error;
    } finally {
      this.#committing = new Map();
    }
  }
}
