/**
 * Reads the output of a service wherever it runs, piece by piece: the next is asked for when the last
 * one has been taken. A lost connection or a node that restarts is waited for; the cursor says where
 * to go on, so nothing is lost or told twice.
 */

import { readBytesMax, readWaitMsMax } from "../actors/log-follower.ts";
import type { Operations } from "../actors/operations.ts";
import type { LogChunk, LogOptions } from "../api/commands.ts";
import { MobError, NotFound } from "../core/errors.ts";

/** Wait before a node that could not be asked is asked again. */
const retryMs = 500;

/** @throws NotFound for an unknown service or slot; Conflict before it is placed */
export async function readLogs(
  operations: Operations,
  service: string,
  { tail, follow, slot: wanted }: LogOptions,
  signal: AbortSignal,
): Promise<AsyncIterable<LogChunk>> {
  const { slot } = operations.instance(service);
  if (wanted !== undefined && wanted !== slot) {
    throw new NotFound(`${service} has no instance ${wanted}`);
  }
  const output = operations.output(service);
  const begin = tail === "all" ? 0 : await output.tail(tail);
  // A service may write faster than anyone reads: for one who does not follow there is an end.
  const end = follow ? Number.POSITIVE_INFINITY : await output.tail(0);
  const isGone = () => signal.aborted || !operations.isPlaced(output.instance);
  const about = { name: service, slot, node: output.node.name };
  return pieces({ output, begin, end, signal, isGone, about });
}

interface Reading {
  readonly output: ReturnType<Operations["output"]>;
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
