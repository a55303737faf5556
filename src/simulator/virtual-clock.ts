/**
 * The clocks of one machine: both run at its own rate, as quartz does, and the wall clock jumps when
 * someone sets it. They outlive the nodes that run on the machine, except that nobody may rely on it.
 */
import type { Clock } from "../core/env.ts";
import type { Scheduler } from "./scheduler.ts";

/** Wall clock at virtual time zero: any fixed time does. */
const epochMs = Date.UTC(2026, 0, 1);

export class VirtualClock implements Clock {
  readonly #scheduler: Scheduler;
  /** Of this clock, where the rate was changed last; the same in virtual time. */
  #sinceMono = 0;
  #sinceMs = 0;
  #rate = 1;
  #offsetMs = 0;

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  mono(): number {
    return this.#sinceMono + (this.#scheduler.now - this.#sinceMs) * this.#rate;
  }

  wall(): number {
    return epochMs + this.mono() + this.#offsetMs;
  }

  /** From now on this clock gains `ppm` microseconds a second. */
  drift(ppm: number): void {
    this.#sinceMono = this.mono();
    this.#sinceMs = this.#scheduler.now;
    this.#rate = 1 + ppm / 1e6;
  }

  /** Sets the wall clock to true time plus `aheadMs`. */
  setWall(aheadMs: number): void {
    this.#offsetMs = this.#scheduler.now + aheadMs - this.mono();
  }

  /** Virtual ms in which this clock counts `ms`. */
  virtualMs(ms: number): number {
    return ms / this.#rate;
  }
}
