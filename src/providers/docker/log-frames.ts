/**
 * Reads the stream in which an engine tells a container's log: each frame is an entry, which begins with
 * its time and a space. An entry is a line or, of a line that is too long for the engine, a part of it.
 */
import { Frames } from "./frames.ts";

export interface LogEntry {
  /** Its time, in whole seconds of Unix time, by the engine's clock. */
  readonly second: number;
  /** What the container wrote. */
  readonly bytes: Uint8Array;
}

const space = 32;

export class LogFrames {
  readonly #frames = new Frames();
  #stamp = "";
  #second = 0;

  /** The entries that are whole by now. @throws RangeError, SyntaxError for what is no such stream */
  push(chunk: Uint8Array): readonly LogEntry[] {
    return this.#frames.push(chunk).map(({ bytes }) => this.#entry(bytes));
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
