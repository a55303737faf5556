/**
 * One process at a time for a file that several nodes of a user share. The lock is an abstract Unix
 * socket, which the kernel frees the moment its holder dies; who waits is connected to it, and so is
 * told of that moment.
 */
import { createHash } from "node:crypto";
import { connect, createServer, type Server } from "node:net";
import { Unavailable } from "../core/errors.ts";

/** What is done under the lock takes milliseconds; longer means that its holder hangs. */
const waitMsMax = 5_000;

/**
 * Runs `work`, which must not wait for anything, while no other process runs its own for that file.
 * Abstract sockets are Linux's; elsewhere nothing is locked, and what two write at the very same moment
 * is merged when one of them next reads.
 * @throws Unavailable when the lock is not had in time; what `work` throws.
 */
export async function withFileLock<T>(file: string, work: () => T): Promise<T> {
  if (process.platform !== "linux") return work();
  const lock = await take(`\0mob-file-${nameOf(file)}`, file);
  try {
    return work();
  } finally {
    lock.close();
  }
}

async function take(name: string, file: string): Promise<Server> {
  const overdue = AbortSignal.timeout(waitMsMax);
  while (!overdue.aborted) {
    const lock = await tryTake(name);
    if (lock !== undefined) return lock;
    await freed(name, overdue);
  }
  throw new Unavailable(`${file} has been locked by another process for over ${waitMsMax} ms`);
}

function tryTake(name: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.unref();
    server.once("error", (error) => {
      if ("code" in error && error.code === "EADDRINUSE") resolve(undefined);
      else reject(error);
    });
    server.listen(name, () => resolve(server));
  });
}

/** Resolves when the holder of the lock lets go of it, or dies. */
function freed(name: string, overdue: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(name);
    const stop = () => socket.destroy();
    overdue.addEventListener("abort", stop);
    socket.on("error", () => {}); // It was let go of before this one came.
    socket.on("close", () => {
      overdue.removeEventListener("abort", stop);
      resolve();
    });
    socket.resume();
  });
}

function nameOf(file: string): string {
  return createHash("sha256").update(file).digest("hex").slice(0, 32);
}
