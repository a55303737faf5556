/** Those who wait until a node that has just started knows what the nodes that it knew from before hold. */

/**
 * Longest wait for that after a start: a node that meets no one answers by itself. Longer answers with what is so more
 * often where nodes are slow to meet; shorter has who asks a lone node wait less.
 */
export const catchUpMsMax = 2_000;

export class CatchingUp {
  readonly #isDone: () => boolean;
  #waiting: (() => void)[] = [];
  #isOver = false;

  /** @param isDone whether nothing is to be waited for now */
  constructor(isDone: () => boolean) {
    this.#isDone = isDone;
  }

  /** Calls `goOn`, at once or later. */
  wait(goOn: () => void): void {
    this.#waiting.push(goOn);
    this.look();
  }

  /** Something may have changed. */
  look(): void {
    // Only who asks shows that there is a view to look at.
    if (this.#waiting.length > 0 && (this.#isOver || this.#isDone())) this.end();
  }

  /** For good: what is met later is another matter. */
  end(): void {
    this.#isOver = true;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const goOn of waiting) goOn();
  }
}
