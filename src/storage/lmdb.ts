/**
 * Storage on a disk, by lmdb. Writes wait in memory until a flush puts all of them into one
 * transaction, so flushes that come together cost one fsync, and a crash shows a whole transaction or
 * nothing of it. Why not lmdb-js's own queue: it shows a write only after its commit, and with
 * `overlappingSync`, its default, a failed fsync is never told to whoever waits for it.
 */
import { statfsSync } from "node:fs";
import { open, type RootDatabase } from "lmdb";
import { messageOf, Unavailable } from "../core/errors.ts";
import { compareKeys, keyBytes } from "./keys.ts";
import type { Storage } from "./storage.ts";

/** With fewer bytes free than this, a write that was cut short met a full disk. */
const roomMin = 1024 * 1024;

/** Opens or makes the database in `folder`. @throws Unavailable when the folder cannot be used. */
export function openLmdb(folder: string): Storage {
  try {
    const database = open<Buffer, Buffer>({
      path: folder,
      noSubdir: false,
      encoding: "binary",
      keyEncoding: "binary",
      overlappingSync: false,
      // Writes are batched here. lmdb-js's own way leaves rejections unhandled when the disk is full.
      eventTurnBatching: false,
      maxDbs: 1,
    });
    return new LmdbStorage(folder, database);
  } catch (cause) {
    throw unavailable(folder, cause);
  }
}

/** Values by key; undefined: to be removed. */
type Writes = Map<string, Uint8Array | undefined>;

class LmdbStorage implements Storage {
  readonly #folder: string;
  readonly #database: RootDatabase<Buffer, Buffer>;
  /** Not given to lmdb yet. */
  #waiting: Writes = new Map();
  /** In the transaction that is being committed. */
  #committing: Writes = new Map();
  #running: Promise<void> = Promise.resolve();
  /** The flush that will take what waits now; shared by all who ask before it starts. */
  #next: Promise<void> | undefined;

  constructor(folder: string, database: RootDatabase<Buffer, Buffer>) {
    this.#folder = folder;
    this.#database = database;
  }

  get(key: string): Uint8Array | undefined {
    for (const writes of [this.#waiting, this.#committing]) {
      if (writes.has(key)) return writes.get(key);
    }
    return this.#database.get(keyBytes(key));
  }

  put(key: string, value: Uint8Array): void {
    keyBytes(key);
    this.#waiting.set(key, Uint8Array.from(value));
  }

  remove(key: string): void {
    keyBytes(key);
    this.#waiting.set(key, undefined);
  }

  list(prefix: string): Iterable<{ readonly key: string; readonly value: Uint8Array }> {
    const found: Writes = new Map();
    const start = Buffer.from(prefix);
    for (const { key, value } of this.#database.getRange(start.length > 0 ? { start } : {})) {
      if (!key.subarray(0, start.length).equals(start)) break;
      found.set(key.toString(), value);
    }
    for (const [key, value] of [...this.#committing, ...this.#waiting]) {
      if (key.startsWith(prefix)) found.set(key, value);
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
    await this.#database.close();
  }

  async #afterRunning(): Promise<void> {
    await this.#running.catch(() => {});
    this.#next = undefined;
    this.#running = this.#commit();
    await this.#running;
  }

  async #commit(): Promise<void> {
    if (this.#waiting.size === 0) return;
    this.#committing = this.#waiting;
    this.#waiting = new Map();
    try {
      await this.#writeAll(this.#committing);
    } catch (error) {
      // Nothing of it is on the disk: it waits again, below what was put meanwhile.
      this.#waiting = new Map([...this.#committing, ...this.#waiting]);
      throw unavailable(this.#folder, await causeOf(error));
    } finally {
      this.#committing = new Map();
    }
  }

  /** One transaction, durable when resolved. */
  async #writeAll(writes: Writes): Promise<void> {
    const database = this.#database;
    await database.batch(() => {
      for (const [key, value] of writes) {
        if (value === undefined) void database.remove(keyBytes(key));
        else void database.put(keyBytes(key), Buffer.from(value));
      }
    });
  }
}

/** A failed commit has its cause in a promise of its own, which must be handled as well. */
async function causeOf(error: unknown): Promise<unknown> {
  if (!(error instanceof Error && "commitError" in error)) return error;
  try {
    return (await error.commitError) ?? error;
  } catch (cause) {
    return cause;
  }
}

function unavailable(folder: string, cause: unknown): Unavailable {
  const why = isFull(folder, cause) ? "No space left on device" : messageOf(cause);
  return new Unavailable(`the data in ${folder} cannot be used: ${why}`, { cause });
}

/** The part of a write that still fits is written, and LMDB tells such a short write as an I/O error. */
function isFull(folder: string, cause: unknown): boolean {
  if (messageOf(cause) !== "Input/output error") return false;
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize < roomMin;
  } catch {
    return false; // The cause is told as it came.
  }
}
