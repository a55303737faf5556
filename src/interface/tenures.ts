/**
 * What goes on for long under a token (a log that is followed, an attached shell) and must end with it:
 * when it is revoked, as soon as this node hears of it, or when it expires.
 */
import type { TokenSource } from "./token-source.ts";

/** Longest that a timer of Node's can be set. */
const timerMsMax = 2 ** 31 - 1;

export class Tenures {
  readonly #tokens: TokenSource;
  readonly #nowMs: () => number;
  /** What ends with each token, by its id. */
  readonly #held = new Map<string, Set<() => void>>();
  readonly #unwatch: () => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(tokens: TokenSource, nowMs: () => number) {
    this.#tokens = tokens;
    this.#nowMs = nowMs;
    this.#unwatch = tokens.watch(() => this.#look());
  }

  /** Calls `end` once the token holds no more; returns the undoing. */
  watch(token: string, end: () => void): () => void {
    const ends = this.#held.get(token) ?? new Set();
    this.#held.set(token, ends.add(end));
    this.#look();
    return () => {
      ends.delete(end);
      if (ends.size === 0 && this.#held.get(token) === ends) this.#held.delete(token);
    };
  }

  close(): void {
    this.#unwatch();
    clearTimeout(this.#timer);
  }

  /** Ends what has to, and looks again when the next token expires. */
  #look(): void {
    clearTimeout(this.#timer);
    const nowMs = this.#nowMs();
    let nextMs = Number.POSITIVE_INFINITY;
    for (const [token, ends] of [...this.#held]) {
      const record = this.#tokens.get(token);
      const leftMs =
        record === undefined ? 0 : (record.expiresAtMs ?? Number.POSITIVE_INFINITY) - nowMs;
      if (leftMs > 0) nextMs = Math.min(nextMs, leftMs);
      else {
        this.#held.delete(token);
        for (const end of ends) end();
      }
    }
    if (nextMs === Number.POSITIVE_INFINITY) return;
    this.#timer = setTimeout(() => this.#look(), Math.min(nextMs, timerMsMax)).unref();
  }
}
