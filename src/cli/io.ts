/**
 * What a command line program has of the world: streams, environment, signals. Passed in, so that
 * tests run every command in one process; the real one is the only place that touches `process`.
 */
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import type { ReadStream, WriteStream } from "node:tty";

export interface Io {
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What to run to start this same program once more: before its arguments. */
  readonly command: readonly string[];
  /** A person is at the other end: input and output are a terminal. */
  readonly interactive: boolean;
  /** The terminal that input and output both are; undefined: they are not. */
  readonly terminal: LocalTerminal | undefined;
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

export interface LocalTerminal {
  size(): { readonly columns: number; readonly rows: number };
  /** Returns the undoing. */
  onResize(handle: () => void): () => void;
  /** Has each key come as it is, Ctrl-C too, and none shown; returns the undoing. */
  raw(): () => void;
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
    terminal:
      stdin.isTTY === true && stdout.isTTY === true ? ownTerminal(stdin, stdout) : undefined,
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

/** Of a terminal that says that it has none, as one made for a command whose own output is none. */
const usualSize = { columns: 80, rows: 24 };

function ownTerminal(stdin: ReadStream, stdout: WriteStream): LocalTerminal {
  return {
    size: () => ({
      columns: stdout.columns || usualSize.columns,
      rows: stdout.rows || usualSize.rows,
    }),
    onResize(handle) {
      stdout.on("resize", handle);
      return () => stdout.off("resize", handle);
    },
    raw() {
      stdin.setRawMode(true);
      return () => stdin.setRawMode(false);
    },
  };
}

/** Writes and waits while the reader is behind; does nothing once that of standard output has gone. */
export async function write(
  io: Io,
  text: string | Uint8Array,
  to: "stdout" | "stderr" = "stdout",
): Promise<void> {
  if (io.gone.aborted || io[to].write(text)) return;
  await once(io[to], "drain", { signal: io.gone }).catch(() => {}); // Its reader has gone.
}
