/**
 * Deadlines of calls, without a timer a call: they are gathered in buckets of 20 ms, and one timer
 * waits for the earliest. Taking one back, which is what nearly always happens, is O(1) and leaves
 * the timer alone.
 */
import type { Env, TimerHandle } from "../core/env.ts";

const bucketMs = 20;

/** Something with a deadline; a link of its bucket's list while it waits. */
export abstract class Deadline {
  bucket: Bucket | undefined;
  before: Deadline | undefined;
  after: Deadline | undefined;

  /** Called once, at most 20 ms late, unless taken back. */
  abstract expire(): void;
}

/** Those that expire at the same tick: a doubly linked list. */
class Bucket {
  readonly tick: number;
  first: Deadline | undefined;

  constructor(tick: number) {
    this.tick = tick;
  }
}

export class Deadlines {
  private readonly env: Env;
  private readonly buckets = new Map<number, Bucket>();
  /** The one used last, kept when empty: one call after the other must not make one each. */
  private latest: Bucket | undefined;
  private timer: TimerHandle | undefined;
  private armedFor = Number.POSITIVE_INFINITY;

  constructor(env: Env) {
    this.env = env;
  }

  /** Has `deadline` expire `ms` from now; `Infinity`: never. */
  add(deadline: Deadline, ms: number): void {
    if (ms === Number.POSITIVE_INFINITY) return;
    const bucket = this.bucketFor(Math.ceil((this.env.clock.mono() + ms) / bucketMs));
    deadline.bucket = bucket;
    deadline.after = bucket.first;
    if (bucket.first !== undefined) bucket.first.before = deadline;
    bucket.first = deadline;
  }

  /** Takes it back. Idempotent. */
  remove(deadline: Deadline): void {
    const { bucket, before, after } = deadline;
    if (bucket === undefined) return;
    if (before === undefined) bucket.first = after;
    else before.after = after;
    if (after !== undefined) after.before = before;
    deadline.bucket = undefined;
    deadline.before = undefined;
    deadline.after = undefined;
    if (bucket !== this.latest) this.dropIfEmpty(bucket);
  }

  /** Whether one of those that wait is as asked. Takes time in proportion to their number. */
  some(isIt: (deadline: Deadline) => boolean): boolean {
    for (const { first } of this.buckets.values()) {
      for (let one = first; one !== undefined; one = one.after) if (isIt(one)) return true;
    }
    return false;
  }

  /** Expires nothing any more. */
  stop(): void {
    if (this.timer !== undefined) this.env.timers.cancel(this.timer);
    this.timer = undefined;
    this.armedFor = Number.POSITIVE_INFINITY;
    this.latest = undefined;
    this.buckets.clear();
  }

  private bucketFor(tick: number): Bucket {
    if (this.latest?.tick === tick) return this.latest;
    const bucket = this.buckets.get(tick) ?? new Bucket(tick);
    this.buckets.set(tick, bucket);
    if (this.latest !== undefined) this.dropIfEmpty(this.latest);
    this.latest = bucket;
    if (tick < this.armedFor) this.arm(tick);
    return bucket;
  }

  private dropIfEmpty(bucket: Bucket): void {
    if (bucket.first === undefined) this.buckets.delete(bucket.tick);
  }

  private arm(tick: number): void {
    if (this.timer !== undefined) this.env.timers.cancel(this.timer);
    this.armedFor = tick;
    const ms = Math.max(0, tick * bucketMs - this.env.clock.mono());
    this.timer = this.env.timers.set(ms, () => this.fire());
  }

  private fire(): void {
    this.timer = undefined;
    this.armedFor = Number.POSITIVE_INFINITY;
    this.latest = undefined;
    const now = this.env.clock.mono();
    for (const bucket of [...this.buckets.values()]) {
      if (bucket.tick * bucketMs > now) continue;
      while (bucket.first !== undefined) {
        const due = bucket.first;
        this.remove(due);
        due.expire();
      }
      this.dropIfEmpty(bucket);
    }
    const next = Math.min(...this.buckets.keys());
    if (next < this.armedFor) this.arm(next);
  }
}
