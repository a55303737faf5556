/** The health of a task as its engine, or the process of its provider, tells it. */
import type { OwnHealth, TaskHealth } from "./provider.ts";

export class ToldHealth implements OwnHealth {
  now: TaskHealth;
  #changed: (health: TaskHealth) => void = () => {};

  constructor(now: TaskHealth) {
    this.now = now;
  }

  watch(changed: (health: TaskHealth) => void): void {
    this.#changed = changed;
  }

  /** @param seen as it has just been told; that it is as it was, with other words, is no change */
  see(seen: TaskHealth | undefined): void {
    if (seen === undefined || seen.healthy === this.now.healthy) return;
    this.now = seen;
    this.#changed(seen);
  }
}
