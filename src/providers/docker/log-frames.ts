/**
 * Reads the stream in which an engine tells a container's log: frames of a head of eight bytes (of
 * which the last four are the length) and an entry, which begins with its time and a space. An entry is
 * a line or, of a line that is too long for the engine, a part of it.
 */

export interface LogEntry {
  /** Its time, in whole seconds of Unix time, by the engine's clock. */
  readonly second: number;
  /** What the container wrote. */
  readonly bytes: Uint8Array;
}

const headBytes = 8;
const space = 32;
/** Larger ones are none of an engine's, which cut lines at some 16 KiB. */
const frameBytesMax = 16 << 20;

export class LogFrames {
  #rest = Buffer.alloc(0);
  #stamp = "";
  #second = 0;

  /** The entries that are whole by now. @throws RangeError, SyntaxError for what is no such stream */
  push(chunk: Uint8Array): readonly LogEntry[] {
    this.#rest = this.#rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#rest, chunk]);
    const entries: LogEntry[] = [];
    let at = 0;
    while (this.#rest.length - at >= headBytes) {
      const length = this.#rest.readUInt32BE(at + 4);
      if (length > frameBytesMax) throw new RangeError(`a log entry of ${length} bytes`);
      const end = at + headBytes + length;
      if (this.#rest.length < end) break;
      entries.push(this.#entry(this.#rest.subarray(at + headBytes, end)));
      at = end;
    }
    this.#rest = this.#rest.subarray(at);
    return entries;
  }

  #entry(frame: Buffer): LogEntry {
    const end = frame.indexOf(space);
    const stamp = frame.toString("latin1", 0, end);
    // Most are of the same second as the one before, and to parse a time takes longest.
    const second = stamp.slice(0, 19);
    if (second !== this.#stamp) {
      this.#second = Math.floor(Date.parse(stamp) / 1_000);
      this.#stamp = second;
    }
    if (end < 0 || Number.isNaN(this.#second))
      throw new SyntaxError("a log entry without its time");
    return { second: this.#second, bytes: frame.subarray(end + 1) };
  }
}
