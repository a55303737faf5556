/**
 * Keeps the node's own log within bounds. Standard error goes there, to which the runtime writes too when it
 * crashes, and no process can give that another file. So a full log is copied and then emptied. Nothing is
 * lost: all who write are on this thread, and what they wrote beside the copying is added in the very turn
 * that empties the log.
 */
import { appendFileSync, closeSync, openSync, readSync, renameSync, truncateSync } from "node:fs";
import { copyFile, rm } from "node:fs/promises";
import { makeRoom, sizeOf } from "./old-files.ts";

export interface LogRotationOptions {
  /** Bytes after which the log is full; default 4 MiB. */
  readonly fileBytesMax?: number;
  /** Full logs that are kept, `PATH.1` being the newest; default 4. */
  readonly filesKept?: number;
  /** Told when a log could not be rotated, once until one could: it goes on to grow. */
  readonly onFailed: (error: unknown) => void;
}

/** A look at the log's size comes after this share of what it holds was written. */
const lookShare = 1 / 64;

export class LogRotation {
  readonly #path: string;
  readonly #fileBytesMax: number;
  readonly #filesKept: number;
  readonly #onFailed: LogRotationOptions["onFailed"];
  /** Bytes until the next look. */
  #bytesLeft = 0;
  #rotating: Promise<void> | undefined;
  #isFailing = false;

  /** @param path a file that is opened to append to it, wherever in this process */
  constructor(path: string, options: LogRotationOptions) {
    const { fileBytesMax = 4 * 1024 * 1024, filesKept = 4, onFailed } = options;
    this.#path = path;
    this.#fileBytesMax = fileBytesMax;
    this.#filesKept = filesKept;
    this.#onFailed = onFailed;
    this.wrote(0); // It may have been left full.
  }

  /** To be told of what has been written. What is not told of is found at the next look. */
  wrote(bytes: number): void {
    this.#bytesLeft -= bytes;
    if (this.#bytesLeft > 0 || this.#rotating !== undefined) return;
    this.#bytesLeft = this.#fileBytesMax * lookShare;
    if (sizeOf(this.#path) < this.#fileBytesMax) return;
    this.#rotating = this.#rotate().finally(() => {
      this.#rotating = undefined;
    });
  }

  /** Resolves when nothing is being rotated. */
  async settled(): Promise<void> {
    await this.#rotating;
  }

  async #rotate(): Promise<void> {
    const copy = `${this.#path}.unfinished`;
    try {
      await copyFile(this.#path, copy);
      // No one else has a turn before the log is empty.
      appendFileSync(copy, readFrom(this.#path, sizeOf(copy)));
      makeRoom(this.#path, this.#filesKept);
      renameSync(copy, `${this.#path}.1`);
      truncateSync(this.#path);
      this.#isFailing = false;
    } catch (error) {
      await rm(copy, { force: true }).catch(() => {}); // As far as can be: a full disk needs the room.
      if (!this.#isFailing) this.#onFailed(error);
      this.#isFailing = true;
    }
  }
}

function readFrom(path: string, from: number): Uint8Array {
  const bytes = new Uint8Array(Math.max(0, sizeOf(path) - from));
  const file = openSync(path, "r");
  try {
    return bytes.subarray(0, readSync(file, bytes, { position: from }));
  } finally {
    closeSync(file);
  }
}
