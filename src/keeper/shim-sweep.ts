/** Looks now and then whether shims live, in case one was killed: they are not the node's children. */
import { type ProcessIdentity, sendSignal } from "./process-identity.ts";

/** Between two looks. */
const everyMs = 5_000;
/** The same where no watch can be had, and exits are only seen by looking. */
const everyMsUnwatched = 50;
/** One look of so many tells a shim from another process that has its pid by now, which costs far more. */
const looksPerThorough = 12;

export class ShimSweep {
  readonly #isAlive: (shim: ProcessIdentity) => boolean;
  readonly #timer: NodeJS.Timeout;
  #looks = 0;

  /**
   * @param look called when a look is due
   * @param isAlive whether that very process lives
   */
  constructor(isWatched: boolean, look: () => void, isAlive: (shim: ProcessIdentity) => boolean) {
    this.#isAlive = isAlive;
    const due = () => {
      this.#looks += 1;
      look();
    };
    this.#timer = setInterval(due, isWatched ? everyMs : everyMsUnwatched).unref();
  }

  /** As far as this look tells. */
  isLost(shim: ProcessIdentity): boolean {
    const isThorough = this.#looks % looksPerThorough === 0;
    if (!isThorough && sendSignal(shim.pid, 0)) return false;
    return !this.#isAlive(shim);
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
