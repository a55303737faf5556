/**
 * Virtual time. Everything that happens in a simulation is an event in one queue, ordered by time and
 * then by the order in which it was put there, so a run is decided by its seed alone. Each event
 * belongs to an owner (a node's life, or the world); when an owner dies its events die with it, which
 * is what kill -9 does to a process.
 */

/** Whose event it is. A node that restarts is a new owner. */
export interface Owner {
  readonly name: string;
  /** Once true, nothing of this owner happens any more. */
  dead: boolean;
}

export interface ScheduledEvent {
  readonly at: number;
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
  #order = 0;
  readonly #heap: ScheduledEvent[] = [];

  /** Runs `fire` at `ms` from now, on behalf of `owner`. */
  after(ms: number, fire: () => void, owner: Owner = this.current): ScheduledEvent {
    const event = {
      at: this.now + Math.max(0, ms),
      order: this.#order++,
      owner,
      fire,
      cancelled: false,
    };
    this.#push(event);
    return event;
  }

  /** The next event that still counts, taken from the queue and its time made now. */
  next(untilMs: number): ScheduledEvent | undefined {
    for (;;) {
      const first = this.#heap[0];
      if (first === undefined || first.at > untilMs) return undefined;
      this.#pop();
      if (first.cancelled || first.owner.dead) continue;
      this.now = first.at;
      this.current = first.owner;
      return first;
    }
  }

  #push(event: ScheduledEvent): void {
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
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
