/**
 * Tells a machine what to do, in QEMU's Machine Protocol: JSON, a line each, on a Unix socket that serves one
 * client at a time. So a connection is made for each time there is something to say: nothing is to be held
 * or found again, and other tools get their turn. What it tells by itself has a socket of its own.
 * https://www.qemu.org/docs/master/interop/qmp-spec.html
 */
import { connect, type Socket } from "node:net";
import { messageOf, Unavailable } from "../../core/errors.ts";
import { asObject } from "../../core/reading.ts";

/** Longest that a machine may take for all it is told at once. */
const answerMsMax = 10_000;

/**
 * Resolves when each of `commands` has been done, in their order; without any, when QEMU answers. With what it has
 * answered to the last.
 * @throws Unavailable when QEMU does not answer, or refuses one
 */
export async function tell(socketPath: string, ...commands: readonly string[]): Promise<unknown> {
  const socket = connect({ path: socketPath, signal: AbortSignal.timeout(answerMsMax) });
  const waiting = ["qmp_capabilities", ...commands];
  const sayNext = () => socket.write(`${JSON.stringify({ execute: waiting[0] })}\n`);
  try {
    for await (const message of messages(socket)) {
      if ("error" in message) throw new Unavailable(`${waiting[0]}: ${refusal(message["error"])}`);
      if ("return" in message) waiting.shift();
      if (waiting.length === 0) return message["return"];
      // Events come in between.
      if ("QMP" in message || "return" in message) sayNext();
    }
  } catch (error) {
    if (error instanceof Unavailable) throw error;
    throw new Unavailable(`the machine does not answer: ${messageOf(error)}`, { cause: error });
  } finally {
    socket.destroy();
  }
  throw new Unavailable("the machine has ended");
}

/**
 * Tells whether somebody has the machine stand still: now, and whenever that may have changed, until it ends or
 * `signal` is aborted. Never rejects: one of before this socket there was tells nothing.
 */
export async function followPauses(
  socketPath: string,
  signal: AbortSignal,
  told: (isPaused: boolean) => void,
): Promise<void> {
  const socket = connect({ path: socketPath, signal });
  const say = (execute: string) => socket.write(`${JSON.stringify({ execute })}\n`);
  try {
    for await (const message of messages(socket)) {
      if ("QMP" in message) {
        say("qmp_capabilities");
        say("query-status");
      }
      const status = asObject(message["return"])?.["status"];
      if (status !== undefined) told(isPausedIn(message["return"]));
      // A stop has other causes too.
      if (message["event"] === "STOP" || message["event"] === "RESUME") say("query-status");
    }
  } catch {
    // It has ended, or was let go.
  } finally {
    socket.destroy();
  }
}

/** By the answer to `query-status`: whether it was told to stop, and has not come to it by itself. */
export function isPausedIn(answer: unknown): boolean {
  return asObject(answer)?.["status"] === "paused";
}

async function* messages(socket: Socket): AsyncGenerator<Readonly<Record<string, unknown>>> {
  let rest = "";
  for await (const chunk of socket.setEncoding("utf8")) {
    const lines = `${rest}${chunk}`.split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) yield asObject(JSON.parse(line)) ?? {};
  }
}

function refusal(error: unknown): string {
  return String(asObject(error)?.["desc"] ?? "it was refused");
}
