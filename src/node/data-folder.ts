/**
 * A node's data folder: made when missing, readable by its owner alone, and used by one process at a
 * time. The lock is an abstract Unix socket named after the folder, because the kernel frees it at
 * the very moment its holder dies: there is no stale lock to judge, and no race in taking it over.
 */
import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, readdirSync, realpathSync, statSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { join } from "node:path";
import { messageOf, Unavailable } from "../core/errors.ts";

export interface DataFolder {
  readonly path: string;
  /** Of the node's storage. */
  readonly store: string;
  /** Lets another process use the folder. */
  unlock(): void;
}

/** Of a folder that a node has used. */
const storeFolder = "store";

/**
 * Makes (mode 0700) and locks the folder. Abstract sockets are Linux's; elsewhere the node's port is
 * the only guard.
 * @throws Unavailable when it cannot be made, is open to others, or another process uses it.
 */
export async function openDataFolder(folder: string): Promise<DataFolder> {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new Unavailable(`the data folder ${folder} cannot be made: ${messageOf(error)}`, {
      cause: error,
    });
  }
  const path = realpathSync(folder);
  makePrivate(path);
  const store = join(path, storeFolder);
  if (process.platform !== "linux") return { path, store, unlock() {} };
  const lock = await takeLock(path);
  return { path, store, unlock: () => lock.close() };
}

/**
 * Keys and the API's socket are in it. One that is empty or a node's is closed to others here; what is
 * someone's own folder is not changed behind their back.
 */
function makePrivate(path: string): void {
  if ((statSync(path).mode & 0o077) === 0) return;
  const inside = readdirSync(path);
  const mode = (statSync(path).mode & 0o777).toString(8);
  const why = `the data folder ${path} is open to others (mode ${mode}): chmod 700 it`;
  if (inside.length > 0 && !inside.includes(storeFolder)) throw new Unavailable(why);
  try {
    chmodSync(path, 0o700);
  } catch (cause) {
    throw new Unavailable(why, { cause });
  }
}

/**
 * Whether a process uses the data folder of that path, which need not be there any more. Without abstract
 * sockets nobody can tell: then whoever has one is taken to use it.
 */
export function isLocked(path: string): Promise<boolean> {
  if (process.platform !== "linux") return Promise.resolve(true);
  return new Promise((resolve) => {
    const socket = connect(lockName(path), () => {
      socket.destroy();
      resolve(true);
    });
    // Refused means that there is none; anything else, that its holder is too busy to say.
    socket.once("error", (error) => resolve(!("code" in error && error.code === "ECONNREFUSED")));
  });
}

/** Of the lock of the folder of that path, which has no symbolic links. */
function lockName(path: string): string {
  return `\0mob-${createHash("sha256").update(path).digest("hex").slice(0, 32)}`;
}

function takeLock(path: string): Promise<Server> {
  const name = lockName(path);
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.unref();
    server.once("error", (cause) => {
      const message = `the data folder ${path} is in use by a node that runs already`;
      reject(new Unavailable(message, { cause }));
    });
    server.listen(name, () => resolve(server));
  });
}
