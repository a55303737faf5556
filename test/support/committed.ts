/** What the storage in a folder has, read next to the node that uses it, if one does. */
import { join } from "node:path";
import { open } from "lmdb";
import { CorruptRecord } from "../../src/core/errors.ts";
import type { DiskImage } from "../../src/simulator/virtual-disk.ts";
import { logFile } from "../../src/storage/disk.ts";
import { LogFile } from "../../src/storage/log-file.ts";
import { findLogged, markKey, markOf } from "../../src/storage/logged.ts";

/** How often a reader may be overtaken by the node. */
const triesMax = 100;

export function committedIn(folder: string): DiskImage {
  for (let tried = 1; ; tried++) {
    try {
      return readOnce(folder);
    } catch (error) {
      // Between the database and the log the node has begun the log anew, or a batch was half there.
      if (!(error instanceof CorruptRecord) || tried === triesMax) throw error;
    }
  }
}

function readOnce(folder: string): DiskImage {
  const binary = { encoding: "binary", keyEncoding: "binary" } as const;
  const database = open<Buffer, Buffer>({
    path: folder,
    readOnly: true,
    noSubdir: false,
    ...binary,
  });
  try {
    const entries = [...database.getRange({})].map(
      ({ key, value }) => [key.toString(), Uint8Array.from(value)] as const,
    );
    const image = new Map<string, Uint8Array>(entries);
    const { writes } = findLogged(new LogFile(join(folder, logFile)), markOf(image));
    image.delete(markKey);
    for (const [key, value] of writes) {
      if (value === undefined) image.delete(key);
      else image.set(key, value);
    }
    return image;
  } finally {
    void database.close();
  }
}
