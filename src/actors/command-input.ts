/**
 * What a command reads, as it comes from far away: one piece at a time. A piece has been taken once the
 * command wants the next, so who sends is no faster than who reads.
 */
export class CommandInput implements AsyncIterable<Uint8Array> {
  readonly #onTaken: () => void;
  #offered: Uint8Array | undefined;
  /** A piece was offered, and is yet to be taken. */
  #isBusy = false;
  #hasEnded = false;
  #wake: () => void = () => {};

  /** `onTaken`: told once of each piece, of those too that come when nothing is read any more. */
  constructor(onTaken: () => void) {
    this.#onTaken = onTaken;
  }

  /** False: the piece before has not been taken yet. */
  offer(bytes: Uint8Array): boolean {
    if (this.#isBusy) return false;
    this.#isBusy = true;
    if (this.#hasEnded) {
      this.#taken();
    } else {
      this.#offered = bytes;
      this.#wake();
    }
    return true;
  }

  /** There will be no more. Idempotent. */
  end(): void {
    this.#hasEnded = true;
    this.#wake();
  }

  /** Nothing is read any more. Idempotent. */
  close(): void {
    this.#offered = undefined;
    this.end();
    this.#taken();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        const bytes = this.#offered;
        this.#offered = undefined;
        if (bytes !== undefined) {
          yield bytes;
          this.#taken();
        } else if (this.#hasEnded) {
          return;
        } else {
          await new Promise<void>((wake) => {
            this.#wake = wake;
          });
        }
      }
    } finally {
      this.close();
    }
  }

  #taken(): void {
    if (!this.#isBusy) return;
    this.#isBusy = false;
    this.#onTaken();
  }
}
