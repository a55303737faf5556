/** What a watcher was told last of each key: all that a node needs to go on from there. */
import type { WatchOptions } from "../api/commands.ts";
import type { ServiceChange } from "../api/watch-shapes.ts";

type Told = NonNullable<WatchOptions["told"]>[number];

/** Keys kept: of more, what was removed longest ago is let go. Below what a node takes. */
export const toldKeysMax = 90_000;

export class ToldChanges {
  /** In the order in which they were told. */
  readonly #last = new Map<string, Told>();

  take(changes: readonly ServiceChange[]): void {
    for (const { key, stamp, removed } of changes) {
      this.#last.delete(key);
      this.#last.set(key, { key, stamp, removed });
    }
    for (const { key, removed } of this.#last.values()) {
      if (this.#last.size <= toldKeysMax) return;
      if (removed) this.#last.delete(key);
    }
  }

  list(): readonly Told[] {
    return [...this.#last.values()];
  }
}
