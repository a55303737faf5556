/**
 * Files that hold a secret: whole or not there at all, durable before anyone acts on them, readable by
 * their owner alone. Made by hard link, which fails where another process was first, so that two that
 * make the same file at once agree on one.
 */
import { randomBytes } from "node:crypto";
import {
  closeSync,
  fstatSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { messageOf } from "../core/errors.ts";
import { UnusableKey } from "./errors.ts";

/** No secret of Mob's comes near it; what is longer is another file. */
const bytesMax = 256 * 1024;

/**
 * What the file holds; undefined when there is none.
 * @throws UnusableKey when it cannot be read, is not a file, or others than its owner can read it.
 */
export function readSecret(file: string): string | undefined {
  let opened: number;
  try {
    opened = openSync(file, "r");
  } catch (cause) {
    if (hasCode(cause, "ENOENT")) return undefined;
    throw new UnusableKey(`${file} cannot be read: ${messageOf(cause)}`, { cause });
  }
  try {
    const status = fstatSync(opened);
    if (!status.isFile()) throw new UnusableKey(`${file} is not a file`);
    if ((status.mode & 0o077) !== 0) {
      const fix = `If no one else had it: chmod 600 ${file}`;
      throw new UnusableKey(`${file} can be read or changed by other users of this host. ${fix}`);
    }
    const bytes = Buffer.alloc(bytesMax + 1);
    const read = readSync(opened, bytes);
    if (read > bytesMax) throw new UnusableKey(`${file} is too long for a key`);
    return bytes.toString("utf8", 0, read);
  } finally {
    closeSync(opened);
  }
}

/**
 * Makes the file, and its folder, unless there is one. Returns false, and changes nothing, if there is.
 * @throws UnusableKey when the disk refuses.
 */
export function createSecret(file: string, text: string): boolean {
  const folder = dirname(file);
  const fresh = `${file}.${randomBytes(6).toString("hex")}`;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeDurably(fresh, text);
    try {
      linkSync(fresh, file);
    } catch (cause) {
      if (hasCode(cause, "EEXIST")) return false;
      throw cause;
    } finally {
      unlinkSync(fresh);
      syncFolder(folder);
    }
    return true;
  } catch (cause) {
    throw new UnusableKey(`${file} cannot be made: ${messageOf(cause)}`, { cause });
  }
}

/**
 * Puts `text` in the place of what the file holds, or makes the file: at no moment is there half of it.
 * @throws UnusableKey when the disk refuses.
 */
export function replaceSecret(file: string, text: string): void {
  const folder = dirname(file);
  const fresh = `${file}.${randomBytes(6).toString("hex")}`;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeDurably(fresh, text);
    renameSync(fresh, file);
    syncFolder(folder);
  } catch (cause) {
    rmSync(fresh, { force: true });
    throw new UnusableKey(`${file} cannot be written: ${messageOf(cause)}`, { cause });
  }
}

function writeDurably(file: string, text: string): void {
  const opened = openSync(file, "wx", 0o600);
  try {
    writeSync(opened, text);
    fsyncSync(opened);
  } finally {
    closeSync(opened);
  }
}

function syncFolder(folder: string): void {
  const opened = openSync(folder, "r");
  try {
    fsyncSync(opened);
  } finally {
    closeSync(opened);
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
