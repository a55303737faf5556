/**
 * A node's own account of what it has promised to the instances on it: the last word on whether one more
 * fits, whoever placed it. What is taken up running is booked whatever it takes, since it takes it already;
 * nothing else is admitted beyond what there is.
 */
import type { InstanceId } from "../core/ids.ts";
import { noResources, type Resources, shortfalls, sumOf } from "../core/resources.ts";

/** What an instance that has asked is told. */
export interface Verdict {
  readonly instance: InstanceId;
  /** What it had asked for. */
  readonly resources: Resources;
  /** Why it may not have it, for people; undefined: it has it. */
  readonly refusal: string | undefined;
}

export class Ledger {
  readonly capacity: Resources;
  readonly #held = new Map<InstanceId, Resources>();
  /** Those that were refused, in the order in which they asked. */
  readonly #waiting = new Map<InstanceId, Resources>();

  constructor(capacity: Resources) {
    this.capacity = capacity;
  }

  /** What the instances here have, together. */
  get reserved(): Resources {
    return sumOf(this.#held.values());
  }

  get waiting(): readonly InstanceId[] {
    return [...this.#waiting.keys()];
  }

  /**
   * Asks for an instance, in place of what it had or asked for before. One that is refused has nothing, and
   * is told once there is room. @returns its own verdict first, then those of others for whom this makes room
   */
  reserve(instance: InstanceId, resources: Resources): readonly Verdict[] {
    const before = this.#held.get(instance) ?? noResources;
    this.#held.delete(instance);
    this.#waiting.delete(instance);
    const [reason, ...more] = this.#shortfalls(resources);
    const refusal = reason === undefined ? undefined : [reason, ...more].join(" and ");
    if (refusal === undefined) this.#held.set(instance, resources);
    else this.#waiting.set(instance, resources);
    const verdict: Verdict = { instance, resources, refusal };
    const hasLess =
      refusal !== undefined ||
      before.memoryBytes > resources.memoryBytes ||
      before.milliCpus > resources.milliCpus;
    return hasLess ? [verdict, ...this.#admitWaiting()] : [verdict];
  }

  /** Books what an instance has, whether or not there is room. @returns verdicts, as `release` */
  hold(instance: InstanceId, resources: Resources): readonly Verdict[] {
    this.#waiting.delete(instance);
    this.#held.set(instance, resources);
    return this.#admitWaiting();
  }

  /** The instance has nothing, and wants nothing. @returns verdicts of those for whom this makes room */
  release(instance: InstanceId): readonly Verdict[] {
    this.#waiting.delete(instance);
    return this.#held.delete(instance) ? this.#admitWaiting() : [];
  }

  #shortfalls(resources: Resources): readonly string[] {
    return shortfalls(resources, this.capacity, this.reserved);
  }

  #admitWaiting(): readonly Verdict[] {
    const admitted: Verdict[] = [];
    for (const [instance, resources] of this.#waiting) {
      if (this.#shortfalls(resources).length > 0) continue;
      this.#waiting.delete(instance);
      this.#held.set(instance, resources);
      admitted.push({ instance, resources, refusal: undefined });
    }
    return admitted;
  }
}
