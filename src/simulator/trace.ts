/**
 * What happened in a simulation, as one running hash: two runs of one seed are the same run if and
 * only if their hashes are equal. The last lines are kept for people.
 */
import { createHash } from "node:crypto";

const linesKept = 200;
/** Text gathered before it is hashed: a call for every line would cost more than the hashing. */
const pendingUnitsMax = 32_768;

export class Trace {
  readonly #hash = createHash("sha256");
  readonly #last: string[] = [];
  readonly #watch: ((line: string) => void) | undefined;
  #pending = "";
  #count = 0;

  /** `watch` is shown each line as it comes. */
  constructor(watch?: (line: string) => void) {
    this.#watch = watch;
  }

  add(atMs: number, owner: string, what: string): void {
    const line = `${Math.round(atMs * 1_000) / 1_000} ${owner} ${what}`;
    this.#watch?.(line);
    this.#pending += `${line}\n`;
    if (this.#pending.length > pendingUnitsMax) this.#take();
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
    this.#take();
    return this.#hash.copy().digest("hex");
  }

  last(lines: number): readonly string[] {
    return this.#last.slice(-lines);
  }

  #take(): void {
    this.#hash.update(this.#pending);
    this.#pending = "";
  }
}
