/** Where a container's log is read from, by whoever copies it. `Position` is plain data. */
export interface LogSource<Position> {
  /**
   * What follows `from`: from the beginning on, where that is undefined. Ends at the end of the log of a
   * container that has ended; of one that runs, at its end for now unless `follow`, or when `signal` is
   * aborted. @throws Unavailable when the engine does not answer, or no more
   */
  read(
    from: Position | undefined,
    follow: boolean,
    signal: AbortSignal,
  ): AsyncIterable<LogPiece<Position>>;
  /** Undefined for what is no position. */
  parse(stored: unknown): Position | undefined;
}

export interface LogPiece<Position> {
  /** What the container wrote. */
  readonly bytes: Uint8Array;
  /** Where it is after that. */
  readonly position: Position;
}
