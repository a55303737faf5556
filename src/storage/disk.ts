/** Storage on a disk: a database, in front of it a log that makes a write durable at less cost. */
import { join } from "node:path";
import type { Env } from "../core/env.ts";
import { BatchedStorage } from "./batched.ts";
import { openLmdb } from "./lmdb.ts";
import { LogFile } from "./log-file.ts";
import { Logged } from "./logged.ts";
import type { Storage } from "./storage.ts";

/** In the folder, next to the database's own files. */
export const logFile = "writes.log";

/** Opens or makes the storage in `folder`; what is amiss with the log is told in the node's. @throws Unavailable; CorruptRecord */
export function openDisk(folder: string, env: Pick<Env, "timers" | "log">): Storage {
  const database = openLmdb(folder);
  try {
    return new BatchedStorage(
      new Logged(database, { file: new LogFile(join(folder, logFile)), env }),
    );
  } catch (error) {
    void database.close();
    throw error;
  }
}
