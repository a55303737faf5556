/**
 * A node's data folder: made when missing, readable by its owner alone, and used by one process at a
 * time. The lock is an abstract Unix socket named after the folder, because the kernel frees it at
 * the very moment its holder dies: there is no stale lock to judge, and no race in taking it over.
 */
import { createHash } from "node:crypto";
import { mkdirSync, realpathSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { messageOf, Unavailable } from "../core/errors.ts";

export interface DataFolder {
  readonly path: string;
  /** Lets another process use the folder. */
  unlock(): void;
}

/**
 * Makes (mode 0700) and locks the folder. Abstract sockets are Linux's; elsewhere the node's port is
 * the only guard.
 * @throws Unavailable when it cannot be made, or another process uses it.
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
  if (process.platform !== "linux") return { path, unlock() {} };
  const lock = await takeLock(path);
  return { path, unlock: () => lock.close() };
}

function takeLock(path: string): Promise<Server> {
  const name = `\0mob-${createHash("sha256").update(path).digest("hex").slice(0, 32)}`;
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
