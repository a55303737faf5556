/**
 * What is committed, by lmdb: a crash shows a whole transaction or nothing of it. Why writes are batched by
 * `BatchedStorage`, and not in lmdb-js's own queue: that shows a write only after its commit, and with
 * `overlappingSync`, its default, a failed fsync is never told to whoever waits for it.
 */
import { statfsSync } from "node:fs";
import { open, type RootDatabase } from "lmdb";
import { messageOf, Unavailable } from "../core/errors.ts";
import type { Committing, Writes } from "./batched.ts";
import { keyBytes } from "./keys.ts";

/** With fewer bytes free than this, a write that was cut short met a full disk. */
const roomMin = 1024 * 1024;

/** Opens or makes the database in `folder`. @throws Unavailable when the folder cannot be used. */
export function openLmdb(folder: string): Committing {
  try {
    const database = open<Buffer, Buffer>({
      path: folder,
      noSubdir: false,
      encoding: "binary",
      keyEncoding: "binary",
      overlappingSync: false,
      // Writes are batched above. lmdb-js's own way leaves rejections unhandled when the disk is full.
      eventTurnBatching: false,
      maxDbs: 1,
    });
    return new Lmdb(folder, database);
  } catch (cause) {
    throw unavailable(folder, cause);
  }
}

class Lmdb implements Committing {
  readonly #folder: string;
  readonly #database: RootDatabase<Buffer, Buffer>;

  constructor(folder: string, database: RootDatabase<Buffer, Buffer>) {
    this.#folder = folder;
    this.#database = database;
  }

  get(key: string): Uint8Array | undefined {
    return this.#database.get(keyBytes(key));
  }

  *entries(prefix: string): Iterable<readonly [string, Uint8Array]> {
    const start = Buffer.from(prefix);
    for (const { key, value } of this.#database.getRange(start.length > 0 ? { start } : {})) {
      if (!key.subarray(0, start.length).equals(start)) return;
      yield [key.toString(), value];
    }
  }

  async commit(writes: Writes): Promise<void> {
    const database = this.#database;
    try {
      await database.batch(() => {
        for (const [key, value] of writes) {
          if (value === undefined) void database.remove(keyBytes(key));
          else void database.put(keyBytes(key), Buffer.from(value));
        }
      });
    } catch (error) {
      throw unavailable(this.#folder, await causeOf(error));
    }
  }

  close(): Promise<void> {
    return this.#database.close();
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
