/**
 * What is done with each of several things, one after the other, over the lives of the actors that ask for
 * it: one that was killed may leave a start under way, and whoever takes over must not look at what is
 * there before that has ended.
 */
export class Turns<Key> {
  /** Of each thing that something is being done with: settles with the last of it, never rejects. */
  readonly #last = new Map<Key, Promise<unknown>>();

  has(key: Key): boolean {
    return this.#last.has(key);
  }

  /** The things that something is being done with. */
  keys(): readonly Key[] {
    return [...this.#last.keys()];
  }

  /** Does `work` once all that was asked for before is done. Rejects with what it throws. */
  run<T>(key: Key, work: () => Promise<T>): Promise<T> {
    const done = (this.#last.get(key) ?? Promise.resolve()).then(work);
    const last = done
      .catch(() => {}) // Who asked for it has `done`.
      .then(() => {
        if (this.#last.get(key) === last) this.#last.delete(key);
      });
    this.#last.set(key, last);
    return done;
  }
}
