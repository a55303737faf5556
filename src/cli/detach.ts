/**
 * Starts a node in the background: this same program once more, in a session of its own, its output
 * in a file. It tells over a channel when it is up or why not, so that this process can return with
 * the truth, and with the node's port open.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { errorIn } from "../api/error-envelope.ts";
import { RemoteError, Unavailable } from "../core/errors.ts";
import type { Io } from "./io.ts";

/** Lines of the log shown when the node says nothing itself. */
const logLinesShown = 5;

export function nodeLogFile(dataFolder: string): string {
  return join(dataFolder, "node.log");
}

/**
 * Resolves when the node is up. `args`: those of this process.
 * @throws RemoteError with the node's own error, Unavailable when it ended without one.
 */
export async function startDetached(
  io: Io,
  args: readonly string[],
  dataFolder: string,
  port: number,
): Promise<void> {
  mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
  const logFile = nodeLogFile(dataFolder);
  const log = openSync(logFile, "a", 0o600);
  const logFrom = statSync(logFile).size;
  const [program = process.execPath, ...before] = io.command;
  const own = args.map((arg) => (arg === "--detach" ? "--detached" : arg));
  const child = spawn(program, [...before, ...own], {
    detached: true,
    stdio: ["ignore", log, log, "ipc"],
  });
  closeSync(log);

  const message = await firstMessage(child);
  const error = errorIn(message);
  if (error !== undefined) throw new RemoteError(error);
  if (message === undefined) throw endedEarly(logFile, logFrom);
  child.unref();
  io.stdout.write(
    `${helloIn(message)}it runs in the background as process ${child.pid}, and writes to ${logFile}\n` +
      `to stop it: mob down -p ${port}\n`,
  );
}

/** Undefined when the process ended without a word. */
function firstMessage(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    child.once("message", resolve);
    child.once("exit", () => resolve(undefined));
    child.once("error", (cause) => {
      reject(new Unavailable(`the node cannot be started: ${cause.message}`, { cause }));
    });
  });
}

function endedEarly(logFile: string, from: number): Unavailable {
  const log = readFileSync(logFile);
  // It is shorter than it was where the node has rotated it meanwhile.
  const written = log
    .subarray(log.length < from ? 0 : from)
    .toString()
    .trimEnd()
    .split("\n");
  return new Unavailable(`the node ended while it started; ${logFile} says:`, {
    details: written.slice(-logLinesShown).map((message) => ({ path: "", message })),
  });
}

function helloIn(message: unknown): string {
  if (typeof message !== "object" || message === null || !("hello" in message)) return "";
  return String(message.hello);
}
