/**
 * Spaces out spawns. To fork a process as large as a node holds it up for milliseconds, so of many tasks
 * started at once each waits for a turn of the event loop: between two of them everyone else gets theirs.
 */
export class SpawnTurns {
  #taken = false;
  readonly #waiting: (() => void)[] = [];

  /** Resolves when the next may be spawned: at once where none was in this turn. */
  take(): Promise<void> {
    if (this.#taken) return new Promise((resolve) => this.#waiting.push(resolve));
    this.#take();
    return Promise.resolve();
  }

  #take(): void {
    this.#taken = true;
    setImmediate(() => {
      this.#taken = false;
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#take();
      next();
    });
  }
}
