/**
 * Someone at the console of a machine, whose log is what the console prints. So that is shown from the log, which
 * waits for nobody: a machine never stands still, and no line is lost, because someone far away reads slowly.
 */
import type { ConsoleRequest, Output } from "./provider.ts";

/** Most that is shown at once. */
const pieceBytesMax = 64 * 1024;

export interface Console {
  /** The task's log; closed by whoever has opened it. */
  readonly output: Output;
  /** Settles when the task has ended, and has printed all. Never rejects. */
  readonly ended: Promise<unknown>;
  /** Types what comes, for as long as `signal` is not aborted; resolves once the console has taken all of it. */
  readonly type: (input: AsyncIterable<Uint8Array>, signal: AbortSignal) => Promise<void>;
}

/** As `Provider.console` has it. @throws what `type` throws */
export async function attachConsole(
  { output, ended, type }: Console,
  { signal, input, output: show }: Omit<ConsoleRequest, "logs">,
): Promise<void> {
  const over = new AbortController();
  let wake = () => {};
  const end = () => {
    over.abort();
    wake();
  };
  const failures: unknown[] = [];
  const unwatch = output.watch(() => wake());
  signal.addEventListener("abort", end, { once: true });
  if (signal.aborted) end();
  void ended.then(end);
  if (input !== undefined) {
    type(input, over.signal).then(end, (error: unknown) => {
      if (!over.signal.aborted) failures.push(error);
      end();
    });
  }
  try {
    let cursor = await output.tail(0);
    let last = Number.POSITIVE_INFINITY;
    while (cursor < last && !signal.aborted) {
      if (over.signal.aborted) last = Math.min(last, await output.tail(0));
      const changed = new Promise<void>((resolve) => {
        wake = resolve;
      });
      const { bytes, next } = await output.read(cursor, pieceBytesMax);
      cursor = next;
      if (bytes.length > 0) await show(bytes, "stdout");
      else if (!over.signal.aborted) await changed;
    }
  } finally {
    signal.removeEventListener("abort", end);
    unwatch();
    end();
  }
  for (const error of failures) throw error;
}
