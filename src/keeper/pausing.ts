/** Whether a task stands still, as whoever keeps it tells, and how it is brought to. */

/** Of a task that can be paused: it stands still with all that it holds, and goes on from there. */
export interface Pausing {
  /** As it was last told: from when the task is taken over, as it is. */
  readonly now: boolean;
  /** Resolves once nothing of it runs. Idempotent. @throws Unavailable when it cannot be now */
  pause(): Promise<void>;
  /** Resolves once it goes on. Idempotent. @throws Unavailable when it cannot be now */
  resume(): Promise<void>;
  /** Tells each change from then on, whoever has made it, for as long as the task is held. */
  watch(changed: (isPaused: boolean) => void): void;
}

export class ToldPausing implements Pausing {
  now: boolean;
  readonly #bring: (isPaused: boolean) => Promise<void>;
  #changed: (isPaused: boolean) => void = () => {};

  /** @param bring resolves once it is so; asked also where it was told to be so */
  constructor(now: boolean, bring: (isPaused: boolean) => Promise<void>) {
    this.now = now;
    this.#bring = bring;
  }

  async pause(): Promise<void> {
    await this.#bring(true);
    this.see(true);
  }

  async resume(): Promise<void> {
    await this.#bring(false);
    this.see(false);
  }

  watch(changed: (isPaused: boolean) => void): void {
    this.#changed = changed;
  }

  see(isPaused: boolean): void {
    if (isPaused === this.now) return;
    this.now = isPaused;
    this.#changed(isPaused);
  }
}
