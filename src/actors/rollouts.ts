/**
 * How far the updates are that this node decides on, as it has seen it: no one tells, and the clocks of
 * others mean nothing here. A controller that comes in between counts anew.
 */
import type { InstanceId } from "../core/ids.ts";
import type { Stamp } from "../services/instance-status.ts";
import type { UpdatePolicy } from "../services/update-policy.ts";

/** An instance of a service under update. */
export interface UpdatedInstance {
  readonly instance: InstanceId;
  /** It is of the new version. */
  readonly isUpdated: boolean;
  /** It does what it is for. */
  readonly isReady: boolean;
  /** It has given up. */
  readonly hasFailed: boolean;
  /** Why it is in its state, or how its last task ended; absent: there is nothing to say. */
  readonly why?: string;
}

export interface Progress {
  /** Those that are updated, and have been ready for long enough. */
  readonly done: ReadonlySet<InstanceId>;
  /** Most instances that may be replaced now. */
  readonly updatesMax: number;
  /** Why the update cannot come about; undefined: it may. */
  readonly failure: string | undefined;
  /** In how many ms this may be otherwise, though nothing happens; undefined: it is over. */
  readonly lookAgainMs: number | undefined;
}

interface Rollout {
  readonly stamp: Stamp;
  /** Since when each that is updated has been ready. */
  readonly readySinceMs: Map<InstanceId, number>;
  done: number;
  /** When there last was one more that is done. */
  progressAtMs: number;
}

export class Rollouts {
  readonly #byService = new Map<string, Rollout>();
  /** By service: the version whose update was given up last. */
  readonly #givenUp = new Map<string, Stamp>();

  /** Whether an update of the service has begun, and is not over. */
  has(name: string): boolean {
    return this.#byService.has(name);
  }

  /** It is updated no more: it was removed, stopped, or another node decides. */
  forget(name: string): void {
    this.#byService.delete(name);
    this.#givenUp.delete(name);
  }

  /** What has failed and stays wanted fails again at each look. @returns whether that version is given up for the first time */
  giveUp(name: string, stamp: Stamp): boolean {
    this.#byService.delete(name);
    const isFirst = this.#givenUp.get(name) !== stamp;
    this.#givenUp.set(name, stamp);
    return isFirst;
  }

  /**
   * @param stamp of the new version
   * @param nowMs of a monotonic clock
   */
  follow(
    name: string,
    stamp: Stamp,
    policy: UpdatePolicy,
    instances: readonly UpdatedInstance[],
    nowMs: number,
  ): Progress {
    const rollout = this.#rollout(name, stamp, nowMs);
    const updated = instances.filter(({ isUpdated }) => isUpdated);
    const done = new Set<InstanceId>();
    const pending: number[] = [];
    for (const { instance, isReady } of updated) {
      const since = rollout.readySinceMs.get(instance) ?? nowMs;
      if (isReady) rollout.readySinceMs.set(instance, since);
      else rollout.readySinceMs.delete(instance);
      const waitMs = isReady ? policy.healthyForMs - (nowMs - since) : Number.POSITIVE_INFINITY;
      if (waitMs > 0) pending.push(waitMs);
      else done.add(instance);
    }
    if (done.size !== rollout.done) {
      rollout.done = done.size;
      rollout.progressAtMs = nowMs;
    }
    const untilDeadlineMs = policy.deadlineMs - (nowMs - rollout.progressAtMs);
    if (done.size === instances.length) {
      this.forget(name);
      return { done, updatesMax: 0, failure: undefined, lookAgainMs: undefined };
    }
    return {
      done,
      updatesMax: policy.parallel - pending.length,
      failure: failureOf(updated, untilDeadlineMs, policy),
      lookAgainMs: Math.max(1, Math.min(untilDeadlineMs, ...pending)),
    };
  }

  #rollout(name: string, stamp: Stamp, nowMs: number): Rollout {
    const held = this.#byService.get(name);
    if (held?.stamp === stamp) return held;
    const rollout = { stamp, readySinceMs: new Map(), done: 0, progressAtMs: nowMs };
    this.#byService.set(name, rollout);
    return rollout;
  }
}

function failureOf(
  updated: readonly UpdatedInstance[],
  untilDeadlineMs: number,
  { deadlineMs }: UpdatePolicy,
): string | undefined {
  const failed = updated.find(({ hasFailed }) => hasFailed);
  if (failed !== undefined) return withWhy("an instance of the new version has failed", failed);
  if (untilDeadlineMs > 0) return undefined;
  const waiting = updated.filter(({ isReady }) => !isReady);
  const told = waiting.find(({ why }) => why !== undefined);
  return withWhy(`no instance more of the new version was ready for ${deadlineMs / 1_000} s`, told);
}

/** What is undone is gone with its output: this is what is left to tell. */
function withWhy(text: string, { why }: Pick<UpdatedInstance, "why"> = {}): string {
  return why === undefined ? text : `${text}: ${why}`;
}
