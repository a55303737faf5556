/**
 * Asks a provider's process again and again whether it is there, and looks at what it uses. Counted, and not
 * timed: a node that stood still itself hears what came meanwhile before it counts on.
 */
import { usesTooMuch } from "./process-bounds.ts";

/** Questions that may be open: with a fourth the process is ended. */
const pingsMax = 3;

export interface PingsOptions {
  readonly everyMs: number;
  readonly pid: () => number | undefined;
  /** Resolves with the answer; rejects when the process has ended, which is told elsewhere. */
  readonly ask: () => Promise<unknown>;
  /** Told why the process is to be ended. */
  readonly giveUp: (why: string) => void;
}

export class Pings {
  readonly #options: PingsOptions;
  #timer: NodeJS.Timeout | undefined;
  #open = 0;

  constructor(options: PingsOptions) {
    this.#options = options;
  }

  begin(): void {
    this.#timer = setInterval(() => this.#ping(), this.#options.everyMs).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #ping(): void {
    const { everyMs, pid, ask, giveUp } = this.#options;
    if (this.#open >= pingsMax) {
      giveUp(`it has not answered for ${pingsMax * everyMs} ms`);
      return;
    }
    const tooMuch = usesTooMuch(pid());
    if (tooMuch !== undefined) {
      giveUp(tooMuch);
      return;
    }
    this.#open++;
    void ask().then(
      () => {
        this.#open = 0;
      },
      () => {}, // It has ended, and that is told.
    );
  }
}
