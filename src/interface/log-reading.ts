/**
 * Reads the output of a service wherever it runs, piece by piece: the next is asked for when the last
 * one has been taken. A lost connection or a node that restarts is waited for; the cursor says where
 * to go on, so nothing is lost or told twice.
 */

import { readBytesMax, readWaitMsMax } from "../actors/log-follower.ts";
import type { Operations } from "../actors/operations.ts";
import type { Output } from "../actors/outputs.ts";
import type { LogChunk, LogOptions } from "../api/commands.ts";
import { Conflict, MobError, NotFound } from "../core/errors.ts";

/** Wait before a node that could not be asked is asked again. */
const retryMs = 500;

/** @throws NotFound for an unknown service or slot; Conflict before it is placed */
export async function readLogs(
  operations: Operations,
  service: string,
  { tail, follow, slot }: LogOptions,
  signal: AbortSignal,
): Promise<AsyncIterable<LogChunk>> {
  const { instances } = operations.service(service);
  if (slot !== undefined && instances.every((instance) => instance.slot !== slot)) {
    throw new NotFound(`${service} has no instance ${slot}`);
  }
  const outputs = operations
    .outputs(service)
    .filter((output) => slot === undefined || output.slot === slot);
  if (outputs.length === 0) {
    throw new Conflict(`${service} has no output yet: it has not been placed`);
  }
  const readings = await Promise.all(
    outputs.map(async (output): Promise<Reading> => {
      const begin = tail === "all" ? 0 : await output.tail(tail);
      // A service may write faster than anyone reads: for one who does not follow there is an end.
      const end = follow ? Number.POSITIVE_INFINITY : await output.tail(0);
      const isGone = () => signal.aborted || !operations.isPlaced(output.instance);
      const about = { name: output.name, slot: output.slot, node: output.node.name };
      return { output, begin, end, signal, isGone, about };
    }),
  );
  return follow ? merged(readings.map(pieces)) : inTurn(readings.map(pieces));
}

async function* inTurn<T>(sources: readonly AsyncIterable<T>[]): AsyncGenerator<T> {
  for (const source of sources) yield* source;
}

/** Each piece as it comes, whichever source has it. */
async function* merged<T>(sources: readonly AsyncGenerator<T>[]): AsyncGenerator<T> {
  const next = async (source: AsyncGenerator<T>) => ({ source, result: await source.next() });
  const waiting = new Map(sources.map((source) => [source, next(source)]));
  try {
    while (waiting.size > 0) {
      const { source, result } = await Promise.race(waiting.values());
      if (result.done === true) {
        waiting.delete(source);
      } else {
        waiting.set(source, next(source));
        yield result.value;
      }
    }
  } finally {
    for (const [source, promise] of waiting) {
      promise.catch(() => {}); // No one hears of it any more.
      source.return(undefined).catch(() => {});
    }
  }
}

interface Reading {
  readonly output: Output;
  readonly begin: number;
  /** Infinite for one who follows. */
  readonly end: number;
  readonly signal: AbortSignal;
  /** The reader, or the instance. */
  readonly isGone: () => boolean;
  readonly about: Omit<LogChunk, "bytes">;
}

async function* pieces(reading: Reading): AsyncGenerator<LogChunk> {
  const { begin, end, isGone, about } = reading;
  let cursor = begin;
  while (!isGone() && cursor < end) {
    const piece = await readPiece(reading, cursor);
    if (piece === undefined) continue;
    const skipped = piece.from - cursor;
    // What was rotated away before anyone asked is not missed by one who asks for all there is.
    const isGap = skipped > 0 && cursor > 0;
    cursor = piece.next;
    const { bytes } = piece;
    if (bytes.length > 0) yield { ...about, bytes, ...(isGap && { skipped }) };
    else if (end < Number.POSITIVE_INFINITY) return;
  }
}

/** Undefined: the node could not be asked, and may be asked again; for one who follows alone. */
async function readPiece({ output, end, signal }: Reading, cursor: number) {
  const isFollowing = end === Number.POSITIVE_INFINITY;
  const bytesMax = Math.min(readBytesMax, end - cursor);
  try {
    return await output.read(cursor, bytesMax, isFollowing ? readWaitMsMax : 0);
  } catch (error) {
    if (!isFollowing || !(error instanceof MobError && error.retryable)) throw error;
    await pause(retryMs, signal);
    return undefined;
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end, { once: true });
    function end(): void {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    }
  });
}
