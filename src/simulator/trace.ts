/**
 * What happened in a simulation, as one running hash: two runs of one seed are the same run if and
 * only if their hashes are equal. The last lines are kept for people.
 */
import { createHash } from "node:crypto";

const linesKept = 200;

export class Trace {
  readonly #hash = createHash("sha256");
  readonly #last: string[] = [];
  #count = 0;

  add(atMs: number, owner: string, what: string): void {
    const line = `${atMs.toFixed(3)} ${owner} ${what}`;
    this.#hash.update(line).update("\n");
    this.#count++;
    this.#last.push(line);
    if (this.#last.length > 2 * linesKept) this.#last.splice(0, linesKept);
  }

  /** Lines so far. */
  get count(): number {
    return this.#count;
  }

  /** The hash of all lines so far, as 64 hex digits; more may be added. */
  hash(): string {
    return this.#hash.copy().digest("hex");
  }

  last(lines: number): readonly string[] {
    return this.#last.slice(-lines);
  }
}
