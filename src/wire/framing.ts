/**
 * Frames on a stream: a big-endian u32 length, then as many bytes. The parser takes the stream in any
 * pieces; a length over the limit is refused when read, and memory grows only with bytes that came.
 */
import { frameBytesMax } from "../core/limits.ts";
import { FrameTooLarge } from "./errors.ts";

export const headerBytes = 4;

/** What goes before a body of `length` bytes. */
export function frameHeader(length: number): Uint8Array {
  const header = new Uint8Array(headerBytes);
  writeHeader(header, 0, length);
  return header;
}

/** The same, into `bytes` from `at` on. */
export function writeHeader(bytes: Uint8Array, at: number, length: number): void {
  bytes[at] = length >>> 24;
  bytes[at + 1] = length >>> 16;
  bytes[at + 2] = length >>> 8;
  bytes[at + 3] = length;
}

const nothing = new Uint8Array(0);
/** A frame takes at most this many times the memory of what has come of it. */
const growth = 4;

/** Cuts one stream into frames. */
export class FrameParser {
  #bytesMax: number;
  /** Length of the body being read; undefined while reading a header. */
  #bodyBytes: number | undefined;
  /** The beginning of what is being read, in a buffer that grows as bytes come. */
  #buffer = nothing;
  #held = 0;

  /** Bodies over `bytesMax` are refused. */
  constructor(bytesMax: number = frameBytesMax) {
    this.#bytesMax = bytesMax;
  }

  /** From now on bodies over `bytesMax` are refused, and none below. */
  limit(bytesMax: number): void {
    this.#bytesMax = bytesMax;
  }

  /**
   * The bodies that `chunk` completes. A body within one chunk is a view of it, not a copy.
   * @throws FrameTooLarge; the stream cannot be read any further.
   */
  push(chunk: Uint8Array): readonly Uint8Array[] {
    const frames: Uint8Array[] = [];
    let at = 0;
    while (true) {
      const wanted = this.#bodyBytes ?? headerBytes;
      const end = at + wanted - this.#held;
      if (end > chunk.length) break;
      if (this.#bodyBytes === undefined) {
        this.#bodyBytes = this.#readLength(chunk, at, end);
      } else {
        frames.push(this.#complete(chunk.subarray(at, end), wanted));
        this.#bodyBytes = undefined;
      }
      at = end;
    }
    if (at < chunk.length) this.#hold(chunk.subarray(at), this.#bodyBytes ?? headerBytes);
    return frames;
  }

  /** The length in a header that ends at `end` of `chunk`: nearly always one that is there as a whole. */
  #readLength(chunk: Uint8Array, at: number, end: number): number {
    const length =
      this.#held === 0
        ? lengthAt(chunk, at)
        : lengthAt(this.#complete(chunk.subarray(at, end), headerBytes), 0);
    if (length > this.#bytesMax) {
      throw new FrameTooLarge(`a frame claims ${length} bytes: over ${this.#bytesMax}`);
    }
    return length;
  }

  #complete(last: Uint8Array, wanted: number): Uint8Array {
    if (this.#held === 0) return last;
    this.#hold(last, wanted);
    const whole = this.#buffer;
    this.#buffer = nothing;
    this.#held = 0;
    return whole.subarray(0, wanted);
  }

  #hold(bytes: Uint8Array, wanted: number): void {
    const held = this.#held + bytes.length;
    if (held > this.#buffer.length) {
      const grown = new Uint8Array(Math.min(wanted, Math.max(held, growth * this.#buffer.length)));
      grown.set(this.#buffer.subarray(0, this.#held));
      this.#buffer = grown;
    }
    this.#buffer.set(bytes, this.#held);
    this.#held = held;
  }
}

/** Without a view for it: there are as many as frames. */
function lengthAt(bytes: Uint8Array, at: number): number {
  let length = 0;
  for (let i = at; i < at + headerBytes; i++) length = length * 256 + (bytes[i] ?? 0);
  return length;
}
