/**
 * Paces the starts of what a node takes over from one that was lost: a hundred at once would be slow for
 * each, and for what runs there already. Pure: it is told the time, given its draws, and asked who is next.
 */
import type { Random } from "../core/env.ts";
import type { InstanceId } from "../core/ids.ts";

/** Most that are starting at a time. */
export const startingMax = 8;
/** Most that are started within any `startWindowMs`: a few are running again at once, a hundred in five seconds. */
export const startsMax = 20;
export const startWindowMs = 1_000;
/** Longest time between two starts, ms, by chance: nodes that took over at the same moment are not to go in step. */
export const startGapMsMax = 25;

export type NextStart =
  | { readonly kind: "start"; readonly instance: InstanceId }
  /** Something is due then. */
  | { readonly kind: "wait"; readonly ms: number };

export class StartPace {
  /** Instances by the priority of their service, in the order in which they came. */
  readonly #queued = new Map<InstanceId, number>();
  readonly #starting = new Set<InstanceId>();
  /** When the last starts were, the oldest first. */
  readonly #startedAtMs: number[] = [];
  #nextAtMs = Number.NEGATIVE_INFINITY;

  /** Has no effect on one that is queued, its priority aside. */
  add(instance: InstanceId, priority: number): void {
    this.#queued.set(instance, priority);
  }

  /**
   * Whose turn it is: the most important first, and of equals who came first. It is starting from then on.
   * @param isStarting whether one whose turn it was is still starting
   * @param nowMs of a monotonic clock
   * @returns undefined: none is queued, or first one of those that are starting must be so no more
   */
  next(
    isStarting: (instance: InstanceId) => boolean,
    nowMs: number,
    random: Random,
  ): NextStart | undefined {
    for (const instance of this.#starting)
      if (!isStarting(instance)) this.#starting.delete(instance);
    if (this.#queued.size === 0 || this.#starting.size >= startingMax) return undefined;
    if (nowMs < this.#nextAtMs) return { kind: "wait", ms: this.#nextAtMs - nowMs };
    const [first] = [...this.#queued].sort(([, a], [, b]) => b - a);
    if (first === undefined) return undefined;
    const [instance] = first;
    this.#queued.delete(instance);
    this.#starting.add(instance);
    this.#startedAtMs.push(nowMs);
    const fullSinceMs =
      this.#startedAtMs.length < startsMax ? undefined : this.#startedAtMs.shift();
    this.#nextAtMs = Math.max(
      nowMs + random() * startGapMsMax,
      (fullSinceMs ?? Number.NEGATIVE_INFINITY) + startWindowMs,
    );
    return { kind: "start", instance };
  }
}
