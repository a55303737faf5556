/**
 * What arrives faster than it is read: a queue that is an async iterable, and tells when it is full
 * and when it has room again.
 */
const fullAt = 64;
const roomAt = 16;

export interface QueueEvents {
  full(): void;
  room(): void;
}

export class FrameQueue<T> {
  readonly #events: QueueEvents;
  readonly #items: T[] = [];
  #isFull = false;
  #end: { readonly error?: unknown } | undefined;
  #wake: () => void = () => {};

  constructor(events: QueueEvents) {
    this.#events = events;
  }

  push(item: T): void {
    if (this.#end !== undefined) return;
    this.#items.push(item);
    if (!this.#isFull && this.#items.length >= fullAt) {
      this.#isFull = true;
      this.#events.full();
    }
    this.#wake();
  }

  /** What was pushed before is still read; then the error is thrown, if there is one. */
  end(error?: unknown): void {
    this.#end ??= error === undefined ? {} : { error };
    this.#wake();
  }

  /** `left` runs when the reader has had all, or wants no more. One reader alone. */
  async *read(left: () => void): AsyncGenerator<T> {
    try {
      for (;;) {
        for (let item = this.#shift(); item !== undefined; item = this.#shift()) yield item;
        if (this.#end !== undefined) break;
        await new Promise<void>((wake) => {
          this.#wake = wake;
        });
      }
      if ("error" in this.#end) throw this.#end.error;
    } finally {
      this.end();
      this.#items.length = 0;
      this.#makeRoom();
      left();
    }
  }

  #shift(): T | undefined {
    const item = this.#items.shift();
    if (this.#items.length <= roomAt) this.#makeRoom();
    return item;
  }

  #makeRoom(): void {
    if (!this.#isFull) return;
    this.#isFull = false;
    this.#events.room();
  }
}
