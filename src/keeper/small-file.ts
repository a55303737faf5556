/**
 * Reads the small files of /proc, of cgroups and of records, of which a keeper reads thousands. Into one
 * buffer for all: `readFileSync` takes a fresh one of 64 KB for each file whose size it is not told, as
 * all of /proc, and that costs more than the reading.
 */
import { closeSync, openSync, readSync } from "node:fs";

/** What is kept between two calls; a larger file gets a buffer of its own. */
const keptBytes = 64 * 1024;
/** Larger than any environment that a kernel takes. */
const fileBytesMax = 16 * 1024 * 1024;

const kept = Buffer.allocUnsafeSlow(keptBytes);

/**
 * The bytes of a file: to be looked at before the next call, which writes over them.
 * @throws what the system says; RangeError for a file over 16 MiB
 */
export function readSmallFile(path: string): Buffer {
  const file = openSync(path, "r");
  try {
    return readToEnd(file, path);
  } finally {
    closeSync(file);
  }
}

/** The text of a file, one character a byte; undefined when it cannot be read. */
export function readSmallText(path: string): string | undefined {
  try {
    return readSmallFile(path).toString("latin1");
  } catch {
    return undefined;
  }
}

function readToEnd(file: number, path: string): Buffer {
  let buffer = kept;
  let length = 0;
  for (;;) {
    const bytes = readSync(file, buffer, length, buffer.length - length, null);
    if (bytes === 0) return buffer.subarray(0, length);
    length += bytes;
    if (length < buffer.length) continue;
    if (length >= fileBytesMax) throw new RangeError(`${path} is over ${fileBytesMax} bytes long`);
    const larger = Buffer.allocUnsafeSlow(buffer.length * 2);
    buffer.copy(larger);
    buffer = larger;
  }
}
