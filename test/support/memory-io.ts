/** A command line's world in memory: what was written can be read, signals are given by hand. */
import { PassThrough, Readable, Writable } from "node:stream";
import type { Io } from "../../src/cli/io.ts";

export interface MemoryIo extends Io {
  /** What was written so far. */
  out(): string;
  err(): string;
  /** What `exit` was called with. */
  readonly exits: readonly number[];
  signal(name: string): void;
}

export function memoryIo(given: Partial<Io> & { readonly input?: string } = {}): MemoryIo {
  const { input, ...overrides } = given;
  const out: string[] = [];
  const err: string[] = [];
  const exits: number[] = [];
  const handlers = new Set<(signal: string) => void>();
  return {
    stdin: input === undefined ? new PassThrough() : Readable.from([input]),
    stdout: collector(out),
    stderr: collector(err),
    env: {},
    command: [],
    interactive: false,
    terminal: undefined,
    progress: false,
    color: false,
    gone: new AbortController().signal,
    onSignal(handle) {
      handlers.add(handle);
      return () => handlers.delete(handle);
    },
    exit: (code) => exits.push(code),
    tellParent() {},
    out: () => out.join(""),
    err: () => err.join(""),
    exits,
    signal(name) {
      for (const handle of handlers) handle(name);
    },
    ...overrides,
  };
}

function collector(parts: string[]): Writable {
  return new Writable({
    write(chunk, _encoding, done) {
      parts.push(String(chunk));
      done();
    },
  });
}
