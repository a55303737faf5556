/**
 * Reads the output of a service wherever it runs, piece by piece: the next is asked for when the last
 * one has been taken. A lost connection or a node that restarts is waited for; the cursor says where
 * to go on, so nothing is lost or told twice. Who follows is given what takes an instance's place, too.
 */

import { readBytesMax, readWaitMsMax } from "../actors/log-follower.ts";
import type { Operations } from "../actors/operations.ts";
import type { Output } from "../actors/outputs.ts";
import type { LogChunk, LogOptions } from "../api/commands.ts";
import { Conflict, MobError, NotFound } from "../core/errors.ts";
import type { InstanceId } from "../core/ids.ts";
import { merged } from "./merging.ts";

/** Wait before a node that could not be asked is asked again. */
const retryMs = 500;

/** What is asked of the network. */
export type LogSource = Pick<
  Operations,
  "has" | "service" | "outputs" | "isPlaced" | "untilChanged"
>;

/** @throws NotFound for an unknown service or slot; Conflict before it is placed */
export async function readLogs(
  source: LogSource,
  service: string,
  { tail, follow, slot }: LogOptions,
  signal: AbortSignal,
): Promise<AsyncIterable<LogChunk>> {
  const { instances } = source.service(service);
  if (slot !== undefined && instances.every((instance) => instance.slot !== slot)) {
    throw new NotFound(`${service} has no instance ${slot}`);
  }
  const wanted = () =>
    source.outputs(service).filter((output) => slot === undefined || output.slot === slot);
  const outputs = wanted();
  if (outputs.length === 0) {
    throw new Conflict(`${service} has no output yet: it has not been placed`);
  }
  const readings = await Promise.all(
    outputs.map(async (output): Promise<Reading> => {
      const cursor = tail === "all" ? 0 : await output.tail(tail);
      // A service may write faster than anyone reads: for one who does not follow there is an end.
      const end = follow ? Number.POSITIVE_INFINITY : await output.tail(0);
      return { output, end, cursor, isOpen: false };
    }),
  );
  if (!follow) return inTurn(readings.map((reading) => pieces(source, reading, signal)));
  const left = new AbortController();
  const gone = AbortSignal.any([signal, left.signal]);
  return merged(sources({ source, service, wanted }, readings, gone), () => left.abort());
}

interface Followed {
  readonly source: LogSource;
  readonly service: string;
  /** What there is to read of it now. @throws NotFound once it is removed */
  readonly wanted: () => readonly Output[];
}

/**
 * What is read from the beginning on, and each instance that takes the place of one or comes in addition,
 * until the service is removed. One that is there again, as after a partition, goes on where it was.
 */
async function* sources(
  { source, service, wanted }: Followed,
  first: readonly Reading[],
  signal: AbortSignal,
): AsyncGenerator<AsyncGenerator<LogChunk>> {
  const readings = new Map<InstanceId, Reading>(
    first.map((reading) => [reading.output.instance, reading]),
  );
  const opened = (reading: Reading) => {
    reading.isOpen = true;
    return following(source, reading, signal);
  };
  for (const reading of first) yield opened(reading);
  while (!signal.aborted && source.has(service)) {
    for (const output of wanted()) {
      const end = Number.POSITIVE_INFINITY;
      const reading = readings.get(output.instance) ?? { output, end, cursor: 0, isOpen: false };
      readings.set(output.instance, reading);
      if (!reading.isOpen) yield opened(reading);
    }
    await source.untilChanged(service, signal);
  }
}

async function* following(
  source: LogSource,
  reading: Reading,
  signal: AbortSignal,
): AsyncGenerator<LogChunk> {
  try {
    yield* pieces(source, reading, signal);
  } finally {
    reading.isOpen = false;
  }
}

async function* inTurn<T>(sources: readonly AsyncIterable<T>[]): AsyncGenerator<T> {
  for (const source of sources) yield* source;
}

interface Reading {
  readonly output: Output;
  /** Infinite for one who follows. */
  readonly end: number;
  /** Where to go on. */
  cursor: number;
  isOpen: boolean;
}

/** Until the end, or until the reader or the instance is gone. */
async function* pieces(
  source: LogSource,
  reading: Reading,
  signal: AbortSignal,
): AsyncGenerator<LogChunk> {
  const { output, end } = reading;
  const about = { name: output.name, slot: output.slot, node: output.node.name };
  const isGone = () => signal.aborted || !source.isPlaced(output.instance);
  while (!isGone() && reading.cursor < end) {
    const { cursor } = reading;
    const piece = await readPiece(reading, signal);
    if (piece === undefined) continue;
    const skipped = piece.from - cursor;
    // What was rotated away before anyone asked is not missed by one who asks for all there is.
    const isGap = skipped > 0 && cursor > 0;
    reading.cursor = piece.next;
    const { bytes } = piece;
    if (bytes.length > 0) yield { ...about, bytes, ...(isGap && { skipped }) };
    else if (end < Number.POSITIVE_INFINITY) return;
  }
}

/** Undefined: the node could not be asked, and may be asked again; for one who follows alone. */
async function readPiece({ output, end, cursor }: Reading, signal: AbortSignal) {
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
