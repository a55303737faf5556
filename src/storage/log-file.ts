/**
 * The file of the write-ahead log: what was written is durable, by one operation of the thread pool. It
 * grows by whole pieces of zeros, so nearly every write changes nothing of it but its content, and the file
 * system has no journal of its own to wait for.
 */
import * as fs from "node:fs";
import { platform } from "node:os";
import { dirname } from "node:path";
import { promisify } from "node:util";

const { closeSync, constants, fstatSync, fsyncSync, ftruncateSync, openSync, readFileSync } = fs;
const write = promisify(fs.write);
const fdatasync = promisify(fs.fdatasync);

const pieceBytes = 256 * 1024;
/** Elsewhere such a write may end in the disk's cache, and libuv's fdatasync does not. */
const writesAreDurable = platform() === "linux";

export class LogFile {
  readonly path: string;
  #file: number | undefined;
  /** Of the file. */
  #bytes = 0;
  /** What is there is not to be trusted. */
  #isSpoilt = false;

  /** Opened, and made where there is none, with the first write. */
  constructor(path: string) {
    this.path = path;
  }

  /** All of it; empty where there is none. @throws Error of the system's */
  read(): Buffer {
    try {
      return readFileSync(this.path);
    } catch (error) {
      const isMissing = error instanceof Error && "code" in error && error.code === "ENOENT";
      if (isMissing) return Buffer.alloc(0);
      throw error;
    }
  }

  /** Durable when resolved. One at a time; within what is there, or where that ends. @throws Error of the system's */
  async write(bytes: Buffer, at: number): Promise<void> {
    const file = this.#file ?? this.#open();
    const whole = at + bytes.length > this.#bytes ? withZeros(bytes, at) : bytes;
    for (let done = 0; done < whole.length; ) {
      done += (await write(file, whole, done, whole.length - done, at + done)).bytesWritten;
    }
    if (!writesAreDurable) await fdatasync(file);
    this.#bytes = Math.max(this.#bytes, at + whole.length);
  }

  /**
   * After a write at `at` that failed: ends the file there, if the disk lets it, and uses it no more. A sync
   * that failed is never told again, so the next write makes the file anew.
   */
  spoil(at: number): void {
    const file = this.#file;
    this.#isSpoilt = true;
    if (file === undefined) return;
    try {
      ftruncateSync(file, at);
      fsyncSync(file);
    } catch {
      // Whoever writes counts nothing of what is there, and was told of the write.
    }
    this.close();
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  #open(): number {
    const { O_CREAT, O_DSYNC, O_TRUNC, O_WRONLY } = constants;
    const anew = this.#isSpoilt ? O_TRUNC : 0;
    const file = openSync(this.path, O_WRONLY | O_CREAT | O_DSYNC | anew, 0o600);
    this.#file = file;
    this.#bytes = fstatSync(file).size;
    syncFolder(dirname(this.path));
    this.#isSpoilt = false;
    return file;
  }
}

function withZeros(bytes: Buffer, at: number): Buffer {
  const end = Math.ceil((at + bytes.length) / pieceBytes) * pieceBytes;
  return Buffer.concat([bytes], end - at);
}

/** A file that is new is found after a loss of power once its folder is durable. */
function syncFolder(path: string): void {
  const folder = openSync(path, "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
