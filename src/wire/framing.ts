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
  new DataView(header.buffer).setUint32(0, length);
  return header;
}

/** Cuts one stream into frames. */
export class FrameParser {
  readonly #bytesMax: number;
  /** Length of the body being read; undefined while reading a header. */
  #bodyBytes: number | undefined;
  /** The beginning of what is being read, in a buffer that grows as bytes come. */
  #buffer = new Uint8Array(0);
  #held = 0;

  /** Bodies over `bytesMax` are refused. */
  constructor(bytesMax: number = frameBytesMax) {
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
      const whole = this.#complete(chunk.subarray(at, end), wanted);
      at = end;
      if (this.#bodyBytes === undefined) {
        this.#bodyBytes = this.#lengthIn(whole);
      } else {
        this.#bodyBytes = undefined;
        frames.push(whole);
      }
    }
    if (at < chunk.length) this.#hold(chunk.subarray(at), this.#bodyBytes ?? headerBytes);
    return frames;
  }

  #complete(last: Uint8Array, wanted: number): Uint8Array {
    if (this.#held === 0) return last;
    this.#hold(last, wanted);
    const whole = this.#buffer;
    this.#buffer = new Uint8Array(0);
    this.#held = 0;
    return whole.subarray(0, wanted);
  }

  #hold(bytes: Uint8Array, wanted: number): void {
    const held = this.#held + bytes.length;
    if (held > this.#buffer.length) {
      const grown = new Uint8Array(Math.min(wanted, Math.max(held, 2 * this.#buffer.length)));
      grown.set(this.#buffer.subarray(0, this.#held));
      this.#buffer = grown;
    }
    this.#buffer.set(bytes, this.#held);
    this.#held = held;
  }

  #lengthIn(header: Uint8Array): number {
    const length = new DataView(header.buffer, header.byteOffset, headerBytes).getUint32(0);
    if (length > this.#bytesMax) {
      throw new FrameTooLarge(`a frame claims ${length} bytes: over ${this.#bytesMax}`);
    }
    return length;
  }
}
