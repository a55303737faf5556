/**
 * How log output travels in the body of an HTTP answer: for each piece one line of JSON that says
 * whose it is and its length, then that many bytes, as they are. Binary output stays whole, nothing
 * is encoded or copied on the way, and it is still readable in `curl`. An error ends the stream.
 */
import { type ErrorShape, RemoteError, Unreachable } from "../core/errors.ts";
import type { LogChunk } from "./commands.ts";
import { type ErrorEnvelope, errorIn } from "./error-envelope.ts";

/** Longest header line; far above what names and numbers take, errors included. */
const headerBytesMax = 64 * 1024;
const newline = 10;

type Header = Omit<LogChunk, "bytes"> & { readonly length: number };

export function encodeLogChunk({ bytes, ...about }: LogChunk): Buffer {
  const header = JSON.stringify({ ...about, length: bytes.length } satisfies Header);
  return Buffer.concat([Buffer.from(`${header}\n`), bytes]);
}

/** The last thing sent when the output cannot be read further. */
export function encodeLogError(error: ErrorShape): Buffer {
  return Buffer.from(`${JSON.stringify({ error } satisfies ErrorEnvelope)}\n`);
}

/**
 * Reads the frames back, however the bytes were cut. Pieces are given as they come, so a frame may
 * become several chunks; only the first of them has `skipped`.
 * @throws RemoteError as sent, Unreachable when the stream ends in mid-frame or is no such stream.
 */
export async function* decodeLog(
  body: AsyncIterable<Buffer> | Iterable<Buffer>,
): AsyncGenerator<LogChunk> {
  const reader = new FrameReader();
  for await (const bytes of body) yield* reader.read(bytes);
  reader.end();
}

class FrameReader {
  /** Of the frame that is being read; undefined between frames. */
  #header: Header | undefined;
  /** Bytes of that frame still to come. */
  #left = 0;
  /** What has come of the next header. */
  #begun: Buffer[] = [];

  *read(received: Buffer): Generator<LogChunk> {
    let bytes = received;
    while (bytes.length > 0) {
      if (this.#header === undefined) {
        bytes = this.#readHeader(bytes);
      }
      if (this.#header !== undefined) {
        const { length: _, ...about } = this.#header;
        const piece = bytes.subarray(0, this.#left);
        bytes = bytes.subarray(piece.length);
        this.#left -= piece.length;
        this.#header = this.#left === 0 ? undefined : withoutSkipped(this.#header);
        yield { ...about, bytes: piece };
      }
    }
  }

  end(): void {
    if (this.#header === undefined && this.#begun.length === 0) return;
    throw new Unreachable("the log stream ended in the middle: the node that sent it may be gone");
  }

  /** Returns what follows the header. */
  #readHeader(bytes: Buffer): Buffer {
    const end = bytes.indexOf(newline);
    this.#begun.push(end < 0 ? bytes : bytes.subarray(0, end));
    if (totalLength(this.#begun) > headerBytesMax) throw unreadable();
    if (end < 0) return bytes.subarray(bytes.length);
    this.#header = parseHeader(Buffer.concat(this.#begun).toString());
    this.#left = this.#header.length;
    this.#begun = [];
    return bytes.subarray(end + 1);
  }
}

function withoutSkipped({ skipped: _, ...header }: Header): Header {
  return header;
}

function totalLength(parts: readonly Buffer[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0);
}

function parseHeader(line: string): Header {
  const parsed = parseJson(line);
  const error = errorIn(parsed);
  if (error !== undefined) throw new RemoteError(error);
  if (!isHeader(parsed)) throw unreadable();
  return parsed;
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw unreadable();
  }
}

function isHeader(value: unknown): value is Header {
  if (typeof value !== "object" || value === null) return false;
  const { name, slot, node, length, skipped }: Partial<Record<keyof Header, unknown>> = value;
  const whose = typeof name === "string" && typeof node === "string" && isCount(slot);
  return whose && isCount(length) && (skipped === undefined || isCount(skipped));
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function unreadable(): Unreachable {
  return new Unreachable("the log stream cannot be read: what answers speaks something else");
}
