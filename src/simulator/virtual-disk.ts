/**
 * A disk that a crash can surprise. What was put is seen at once and survives only after a flush; a
 * crash loses all that was not flushed, but for a random part of it, since a real disk may have
 * written some of the pages it was never told to make durable.
 */
import type { Random } from "../core/env.ts";
import type { Storage } from "../storage/storage.ts";
import type { Scheduler } from "./scheduler.ts";

export interface VirtualDiskOptions {
  readonly scheduler: Scheduler;
  readonly random: Random;
  /** Longest time that a flush takes, in virtual ms. */
  readonly flushMsMax: number;
}

interface Write {
  readonly key: string;
  /** undefined: removed. */
  readonly value: Uint8Array | undefined;
}

export class VirtualDisk implements Storage {
  readonly #options: VirtualDiskOptions;
  readonly #durable = new Map<string, Uint8Array>();
  #unflushed: Write[] = [];
  #visible = new Map<string, Uint8Array>();

  constructor(options: VirtualDiskOptions) {
    this.#options = options;
  }

  get(key: string): Uint8Array | undefined {
    return this.#visible.get(key);
  }

  put(key: string, value: Uint8Array): void {
    this.#visible.set(key, value);
    this.#unflushed.push({ key, value });
  }

  remove(key: string): void {
    this.#visible.delete(key);
    this.#unflushed.push({ key, value: undefined });
  }

  *list(prefix: string): Iterable<{ readonly key: string; readonly value: Uint8Array }> {
    const keys = [...this.#visible.keys()].filter((key) => key.startsWith(prefix)).sort();
    for (const key of keys) {
      const value = this.#visible.get(key);
      if (value !== undefined) yield { key, value };
    }
  }

  flush(): Promise<void> {
    const { scheduler, random, flushMsMax } = this.#options;
    const count = this.#unflushed.length;
    const flushed = this.#unflushed.slice(0, count);
    return new Promise((resolve) => {
      scheduler.after(random() * flushMsMax, () => {
        this.#makeDurable(flushed);
        resolve();
      });
    });
  }

  async close(): Promise<void> {}

  /** Power is lost: what the next life of the node will find is decided here. */
  crash(): void {
    const survivors = Math.floor(this.#options.random() * (this.#unflushed.length + 1));
    this.#makeDurable(this.#unflushed.slice(0, survivors));
    this.#unflushed = [];
    this.#visible = new Map(this.#durable);
  }

  #makeDurable(writes: readonly Write[]): void {
    for (const { key, value } of writes) {
      if (value === undefined) this.#durable.delete(key);
      else this.#durable.set(key, value);
    }
    const done = new Set(writes);
    this.#unflushed = this.#unflushed.filter((write) => !done.has(write));
  }
}
