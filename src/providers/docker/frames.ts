/**
 * Splits the stream in which an engine tells what a container or a command wrote: frames of a head of
 * eight bytes (the first says where, the last four are the length) and what was written.
 */
import type { OutputStream } from "../provider.ts";

export interface Frame {
  readonly stream: OutputStream;
  readonly bytes: Buffer;
}

const headBytes = 8;
/** Larger ones are none of an engine's, which cut lines at some 16 KiB. */
const frameBytesMax = 16 << 20;
const stderr = 2;

export class Frames {
  #rest = Buffer.alloc(0);

  /** What is in the frames that are whole by now. @throws RangeError for what is no such stream */
  push(chunk: Uint8Array): readonly Frame[] {
    this.#rest = this.#rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#rest, chunk]);
    const frames: Frame[] = [];
    let at = 0;
    while (this.#rest.length - at >= headBytes) {
      const length = this.#rest.readUInt32BE(at + 4);
      if (length > frameBytesMax) throw new RangeError(`a frame of ${length} bytes`);
      const end = at + headBytes + length;
      if (this.#rest.length < end) break;
      frames.push({
        stream: this.#rest[at] === stderr ? "stderr" : "stdout",
        bytes: this.#rest.subarray(at + headBytes, end),
      });
      at = end;
    }
    this.#rest = this.#rest.subarray(at);
    return frames;
  }
}
