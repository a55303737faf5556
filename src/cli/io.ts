/**
 * What a command line program has of the world: streams, environment, signals. Passed in, so that
 * tests run every command in one process; the real one is the only place that touches `process`.
 */
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";

export interface Io {
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What to run to start this same program once more: before its arguments. */
  readonly command: readonly string[];
  /** A person is at the other end: input and output are a terminal. */
  readonly interactive: boolean;
  /** Progress may be shown: standard error is a terminal. */
  readonly progress: boolean;
  readonly color: boolean;
  /** Aborted once no one reads standard output any more, as in `mob logs web | head`. */
  readonly gone: AbortSignal;
  /** Calls `handle` for each request to stop (Ctrl-C, SIGTERM, a closed terminal); returns the undoing. */
  onSignal(handle: (signal: string) => void): () => void;
  /** Ends the process at once. */
  exit(code: number): void;
  /** Sends to the process that started this one with a channel; does nothing when none did. */
  tellParent(message: object): void;
}

const stopSignals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

export function processIo(): Io {
  const { stdin, stdout, stderr, env } = process;
  const gone = new AbortController();
  stdout.on("error", () => gone.abort());
  stderr.on("error", () => {}); // There is nowhere left to say it.
  return {
    stdin,
    stdout,
    stderr,
    env,
    command: [process.execPath, ...process.execArgv, process.argv[1] ?? ""],
    interactive: stdin.isTTY === true && stdout.isTTY === true,
    progress: stderr.isTTY === true,
    color: stdout.isTTY === true && (env["NO_COLOR"] ?? "") === "" && env["TERM"] !== "dumb",
    gone: gone.signal,
    onSignal(handle) {
      for (const signal of stopSignals) process.on(signal, handle);
      return () => {
        for (const signal of stopSignals) process.off(signal, handle);
      };
    },
    exit: (code) => process.exit(code),
    tellParent(message) {
      process.send?.(message, () => process.disconnect?.());
    },
  };
}

/** Writes to standard output and waits while its reader is behind; does nothing once that has gone. */
export async function write(io: Io, text: string | Uint8Array): Promise<void> {
  if (io.gone.aborted || io.stdout.write(text)) return;
  await once(io.stdout, "drain", { signal: io.gone }).catch(() => {}); // Its reader has gone.
}
