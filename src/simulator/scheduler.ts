/**
 * Virtual time. Everything that happens in a simulation is an event in one queue, ordered by time, then
 * timers before what comes from outside, then by the order in which it was put there: a run is decided
 * by its seed alone. Each event belongs to an owner (a node's life, or the world); when an owner dies
 * its events die with it, which is what kill -9 does to a process.
 */

/** Whose event it is. A node that restarts is a new owner. */
export interface Owner {
  readonly name: string;
  /** Once true, nothing of this owner happens any more. */
  dead: boolean;
  /** Until then nothing of this owner happens, as after SIGSTOP; what is due meanwhile comes then. */
  stalledUntil?: number;
}

/**
 * Of what is due at one time, timers come first, as libuv has it: a process that was stopped finds its
 * timers expired before it learns what its sockets hold.
 */
export type Phase = "timer" | "outside";

export interface ScheduledEvent {
  /** Put off where its owner is stalled. */
  at: number;
  readonly isTimer: boolean;
  readonly order: number;
  readonly owner: Owner;
  readonly fire: () => void;
  cancelled: boolean;
}

export class Scheduler {
  /** Virtual ms since the simulation began. */
  now = 0;
  /** The owner of what runs now; what it starts belongs to it too. */
  current: Owner = { name: "world", dead: false };
  /** Events that have happened. */
  fired = 0;
  #order = 0;
  readonly #heap: ScheduledEvent[] = [];

  /** Events that wait, those of the dead and the cancelled ones among them. */
  get waiting(): number {
    return this.#heap.length;
  }

  /** Runs `fire` at `ms` from now, on behalf of `owner`. */
  after(
    ms: number,
    fire: () => void,
    owner: Owner = this.current,
    phase: Phase = "outside",
  ): ScheduledEvent {
    return this.#push({
      at: this.now + Math.max(0, ms),
      isTimer: phase === "timer",
      order: this.#order++,
      owner,
      fire,
      cancelled: false,
    });
  }

  /** The next event that still counts, taken from the queue and its time made now. */
  next(untilMs: number): ScheduledEvent | undefined {
    for (;;) {
      const first = this.#heap[0];
      if (first === undefined || first.at > untilMs) return undefined;
      this.#pop();
      const { owner } = first;
      if (first.cancelled || owner.dead) continue;
      if (owner.stalledUntil !== undefined && owner.stalledUntil > first.at) {
        first.at = owner.stalledUntil;
        this.#push(first);
        continue;
      }
      this.now = first.at;
      this.current = owner;
      this.fired++;
      return first;
    }
  }

  #push(event: ScheduledEvent): ScheduledEvent {
    const heap = this.#heap;
    let child = heap.push(event) - 1;
    while (child > 0) {
      const parent = (child - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || isBefore(above, event)) break;
      heap[child] = above;
      heap[parent] = event;
      child = parent;
    }
    return event;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let parent = 0;
    for (;;) {
      const left = 2 * parent + 1;
      const lesser = lesserChild(heap, left);
      const below = heap[lesser];
      if (below === undefined || isBefore(last, below)) break;
      heap[parent] = below;
      parent = lesser;
    }
    heap[parent] = last;
  }
}

function lesserChild(heap: readonly ScheduledEvent[], left: number): number {
  const a = heap[left];
  const b = heap[left + 1];
  return a !== undefined && b !== undefined && isBefore(b, a) ? left + 1 : left;
}

function isBefore(a: ScheduledEvent, b: ScheduledEvent): boolean {
  if (a.at !== b.at) return a.at < b.at;
  if (a.isTimer !== b.isTimer) return a.isTimer;
  return a.order < b.order;
}
