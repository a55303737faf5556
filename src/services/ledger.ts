/**
 * A node's own account of what it has promised to the instances on it: the last word on whether one more
 * fits, whoever placed it. What is taken up running is booked whatever it takes, since it takes it already;
 * nothing else is admitted beyond what there is.
 */
import type { InstanceId } from "../core/ids.ts";
import { type Resources, shortfalls, sumOf } from "../core/resources.ts";

/** What an instance that has asked is told. */
export interface Verdict {
  readonly instance: InstanceId;
  /** What it had asked for. */
  readonly resources: Resources;
  /** Why it may not have it, for people; undefined: it has it. */
  readonly refusal: string | undefined;
}

interface Waiting {
  readonly instance: InstanceId;
  readonly resources: Resources;
  readonly priority: number;
}

export class Ledger {
  readonly capacity: Resources;
  readonly #held = new Map<InstanceId, Resources>();
  /** Those that were refused: the most important first, and of equals in the order in which they asked. */
  #waiting: readonly Waiting[] = [];

  constructor(capacity: Resources) {
    this.capacity = capacity;
  }

  /** What the instances here have, together. */
  get reserved(): Resources {
    return sumOf(this.#held.values());
  }

  get waiting(): readonly InstanceId[] {
    return this.#waiting.map(({ instance }) => instance);
  }

  /**
   * Asks for an instance, in place of what it had or asked for before. One that is refused has nothing, and
   * is told once there is room. @param priority of its service @returns its own verdict first, then those of others for whom this makes room
   */
  reserve(instance: InstanceId, resources: Resources, priority: number): readonly Verdict[] {
    this.#held.delete(instance);
    this.#waitNoMore(instance);
    const [reason, ...more] = this.#shortfalls(resources);
    const refusal = reason === undefined ? undefined : [reason, ...more].join(" and ");
    if (refusal === undefined) this.#held.set(instance, resources);
    else this.#wait({ instance, resources, priority });
    const verdict: Verdict = { instance, resources, refusal };
    return [verdict, ...this.#admitWaiting()];
  }

  /** Books what an instance has, whether or not there is room. @returns verdicts, as `release` */
  hold(instance: InstanceId, resources: Resources): readonly Verdict[] {
    this.#waitNoMore(instance);
    this.#held.set(instance, resources);
    return this.#admitWaiting();
  }

  /** The instance has nothing, and wants nothing. @returns verdicts of those for whom this makes room, or way */
  release(instance: InstanceId): readonly Verdict[] {
    this.#waitNoMore(instance);
    this.#held.delete(instance);
    return this.#admitWaiting();
  }

  #shortfalls(resources: Resources): readonly string[] {
    return shortfalls(resources, this.capacity, this.reserved);
  }

  #wait(one: Waiting): void {
    this.#waiting = [...this.#waiting, one].sort((a, b) => b.priority - a.priority);
  }

  #waitNoMore(instance: InstanceId): void {
    this.#waiting = this.#waiting.filter((one) => one.instance !== instance);
  }

  /** What comes free is kept for the most important that waits: nothing less important is admitted past it. */
  #admitWaiting(): readonly Verdict[] {
    const admitted: Verdict[] = [];
    let priorityMin = 0;
    for (const { instance, resources, priority } of this.#waiting) {
      if (priority < priorityMin) break;
      if (this.#shortfalls(resources).length > 0) {
        priorityMin = priority;
        continue;
      }
      this.#waitNoMore(instance);
      this.#held.set(instance, resources);
      admitted.push({ instance, resources, refusal: undefined });
    }
    return admitted;
  }
}
