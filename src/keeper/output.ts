/**
 * The output of an instance as readers see it. Cursors count bytes since its first start and stay
 * true for ever: the live file keeps its offsets even where its head has been freed.
 */

/** How much of an instance's output is kept. */
export interface LogLimits {
  /** Size at which a rotated file is full. */
  readonly fileBytesMax: number;
  /** Rotated files kept of an instance. */
  readonly filesMax: number;
}

/** A piece of a task's output. Cursors count bytes since the instance's first start. */
export interface OutputChunk {
  readonly bytes: Uint8Array;
  /** Where `bytes` begins; larger than what was asked for when that has been rotated away. */
  readonly from: number;
  /** The cursor to ask for next. */
  readonly next: number;
}

/** The output of an instance, over all its starts, bounded by `LogLimits`. */
export interface Output {
  /** Up to `bytesMax` from `cursor` on; empty at the end. */
  read(cursor: number, bytesMax: number): Promise<OutputChunk>;
  /** The cursor at which the last `lines` lines begin. */
  tail(lines: number): Promise<number>;
  /** Calls `changed` soon after more was written (coalesced), until the returned function is called. */
  watch(changed: () => void): () => void;
  /** Stops archiving and watching; the files stay. */
  close(): Promise<void>;
}
