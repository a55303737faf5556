/**
 * A disk that a crash can surprise, with exactly what `storage/disk.ts` promises, below the same
 * `BatchedStorage`. A crash loses all that waits there; of the transaction that is being committed, whole
 * or nothing is on the disk: a batch of the log counts only with its checksum, and lmdb writes the page that
 * makes a commit valid last, by itself, and after an fsync of the rest. It may be on the disk without anyone
 * having been told. A full disk refuses
 * commits, and nothing of them is kept; reads go on.
 */
import type { Random } from "../core/env.ts";
import { Unavailable } from "../core/errors.ts";
import { BatchedStorage, type Committing, type Writes } from "../storage/batched.ts";
import type { Storage } from "../storage/storage.ts";
import type { Owner, Scheduler } from "./scheduler.ts";

export interface VirtualDiskOptions {
  readonly scheduler: Scheduler;
  readonly random: Random;
  /** Longest time that a commit takes, in virtual ms; may be changed. */
  readonly flushMsMax: number;
}

/** What is on a disk at one time. */
export type DiskImage = ReadonlyMap<string, Uint8Array>;

export class VirtualDisk {
  /** Commits are refused. */
  isFull = false;
  flushMsMax: number;
  /**
   * Called at each effect on the disk: before a commit, and after it, before anyone is told. True: the
   * machine has crashed right there.
   */
  onEffect: (() => boolean) | undefined;
  /** Whether the transaction that a crash meets is on the disk afterwards; undefined: by chance. */
  keepsCommit: boolean | undefined;
  readonly #options: VirtualDiskOptions;
  #durable = new Map<string, Uint8Array>();
  #life: { readonly disk: DiskLife; readonly storage: Storage } | undefined;

  constructor(options: VirtualDiskOptions) {
    this.#options = options;
    this.flushMsMax = options.flushMsMax;
  }

  /** The disk as one life of a node uses it. What an earlier one left unflushed is lost. */
  open(owner: Owner): Storage {
    const { scheduler, random } = this.#options;
    const disk = new DiskLife(this, { scheduler, random, owner, durable: this.#durable });
    this.#life = { disk, storage: new BatchedStorage(disk) };
    return this.#life.storage;
  }

  /** What the next life of the node will find is decided here. */
  crash(): void {
    this.#life?.disk.crash();
    this.#life = undefined;
  }

  /** What its node has put there and finds there, flushed or not. */
  written(): DiskImage {
    const found = this.#life?.storage.list("") ?? [];
    return new Map([...found].map(({ key, value }) => [key, value]));
  }

  /** What a copy of the data folder would have, taken now. */
  image(): DiskImage {
    return new Map(this.#durable);
  }

  /** Puts another disk into the machine, a blank one or a copy; its node must not run. */
  replace(image: DiskImage): void {
    this.#durable = new Map(image);
  }
}

interface LifeOptions {
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly owner: Owner;
  readonly durable: Map<string, Uint8Array>;
}

class DiskLife implements Committing {
  readonly #disk: VirtualDisk;
  readonly #options: LifeOptions;
  /** In the transaction that is under way. */
  #committing: Writes = new Map();
  #isOver = false;

  constructor(disk: VirtualDisk, options: LifeOptions) {
    this.#disk = disk;
    this.#options = options;
  }

  get(key: string): Uint8Array | undefined {
    return this.#options.durable.get(key);
  }

  entries(prefix: string): Iterable<readonly [string, Uint8Array]> {
    return [...this.#options.durable].filter(([key]) => key.startsWith(prefix));
  }

  async commit(writes: Writes): Promise<void> {
    const { scheduler, random, owner } = this.#options;
    this.#committing = writes;
    try {
      await new Promise<void>((resolve, reject) => {
        const ms = random() * this.#disk.flushMsMax;
        scheduler.after(0, () => this.#disk.onEffect?.(), owner);
        scheduler.after(ms, () => this.#end(resolve, reject), owner);
      });
    } finally {
      this.#committing = new Map();
    }
  }

  async close(): Promise<void> {}

  /** Power is lost: of the transaction under way, what makes it valid is written or not. */
  crash(): void {
    if (this.#disk.keepsCommit ?? this.#options.random() < 0.5) this.#write(this.#committing);
    this.#isOver = true;
  }

  #end(resolve: () => void, reject: (error: Error) => void): void {
    if (this.#disk.isFull) {
      reject(new Unavailable("the data cannot be used: no space is left on the device"));
      return;
    }
    this.#write(this.#committing);
    const hasCrashed = this.#disk.onEffect?.() ?? false;
    if (!hasCrashed) resolve();
  }

  #write(writes: Writes): void {
    if (this.#isOver) return;
    for (const [key, value] of writes) {
      if (value === undefined) this.#options.durable.delete(key);
      else this.#options.durable.set(key, value);
    }
  }
}
