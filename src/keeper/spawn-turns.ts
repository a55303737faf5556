/**
 * Spaces out spawns. To fork a process as large as a node holds it up for milliseconds, so of many tasks
 * started at once each waits for some turns of the event loop: between two of them everyone else gets
 * theirs.
 */

/** Of the event loop between two spawns: an answer of the API takes about as many. */
const turnsBetween = 8;

export class SpawnTurns {
  #taken = false;
  readonly #waiting: (() => void)[] = [];

  /** Resolves when the next may be spawned: at once where none was in the last turns. */
  take(): Promise<void> {
    if (this.#taken) return new Promise((resolve) => this.#waiting.push(resolve));
    this.#take();
    return Promise.resolve();
  }

  #take(): void {
    this.#taken = true;
    afterTurns(turnsBetween, () => {
      this.#taken = false;
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#take();
      next();
    });
  }
}

function afterTurns(turns: number, run: () => void): void {
  setImmediate(() => (turns > 1 ? afterTurns(turns - 1, run) : run()));
}
