/**
 * Listens on the node's Unix socket: whoever can open it is the node's user. Nobody else can: it is in
 * a folder of theirs alone, and is itself theirs alone.
 */
import { chmodSync, lstatSync, rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { Unavailable } from "../core/errors.ts";

/**
 * Takes the place of a socket that was left there; the caller has seen to it that no other process
 * uses it. Resolves with what closes it.
 * @throws Unavailable when it cannot be had
 */
export function listenLocally(
  path: string,
  take: (socket: Socket) => void,
): Promise<{ close(): void }> {
  removeLeftOver(path);
  // A client may end its side and still wait for the answer.
  const server = createServer({ allowHalfOpen: true }, take);
  return new Promise((resolve, reject) => {
    server.once("error", (cause) => {
      reject(new Unavailable(`cannot listen on ${path}: ${cause.message}`, { cause }));
    });
    server.listen(path, () => {
      chmodSync(path, 0o600);
      server.removeAllListeners("error");
      server.on("error", () => {}); // A connection that could not be accepted: the next may be.
      resolve({ close: () => server.close() });
    });
  });
}

/** @throws Unavailable for anything but a socket: what else is there is not ours to remove */
function removeLeftOver(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket()) throw new Unavailable(`${path} is in the way: it is no socket`);
  rmSync(path);
}
