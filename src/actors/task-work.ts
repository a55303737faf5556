/**
 * What is done with the tasks of each instance, one thing after the other, over the lives of the
 * actors that ask for it: one that was killed may leave a start under way, and whoever takes over must
 * not look at what is there before that has ended.
 */
import type { InstanceId } from "../core/ids.ts";

export class TaskWork {
  /** Of each instance that something is being done with: settles with the last of it, never rejects. */
  readonly #last = new Map<InstanceId, Promise<unknown>>();

  /** Does `work` once all that was asked for before is done. Rejects with what it throws. */
  run<T>(instance: InstanceId, work: () => Promise<T>): Promise<T> {
    const done = (this.#last.get(instance) ?? Promise.resolve()).then(work);
    const last = done
      .catch(() => {}) // Who asked for it has `done`.
      .then(() => {
        if (this.#last.get(instance) === last) this.#last.delete(instance);
      });
    this.#last.set(instance, last);
    return done;
  }
}
