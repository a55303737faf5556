/**
 * Types on a machine's serial console, a Unix socket at which QEMU serves one client at a time. So each piece has a
 * connection of its own: several who type get their turns, and so do other tools.
 */
import { connect } from "node:net";
import { finished } from "node:stream/promises";
import { messageOf, Unavailable } from "../../core/errors.ts";

/**
 * Resolves when the machine has taken all of `input`, however long it does not look, or once `signal` is aborted.
 * @throws Unavailable when nobody serves the socket
 */
export async function typeInto(
  socketPath: string,
  input: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<void> {
  for await (const bytes of input) {
    if (signal.aborted) return;
    try {
      await typePiece(socketPath, bytes, signal);
    } catch (cause) {
      if (signal.aborted) return;
      throw new Unavailable(`nothing can be typed on the console: ${messageOf(cause)}`, { cause });
    }
  }
}

/** QEMU hangs up once it has read to the end, which it does as the machine takes it. */
async function typePiece(path: string, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
  const socket = connect({ path, signal });
  socket.resume(); // What the machine prints is in its log too.
  socket.end(bytes);
  try {
    await finished(socket);
  } finally {
    socket.destroy();
  }
}
