/**
 * Judges the health of one task by the results of its checks, and says when to look again. Pure: it is
 * told the time and its luck. Semantics after Docker's HEALTHCHECK, with one difference: while a task
 * starts it is looked at more often, since others wait for it.
 */
import type { HealthPolicy } from "./health-policy.ts";

/** What is known of the health of a task. */
export interface Health {
  /** Null: it was not yet found healthy, and not yet given up. */
  readonly healthy: boolean | null;
  /** Failures that count, since the last success. */
  readonly failures: number;
  /** Checks made before the first that counted. */
  readonly early: number;
}

/** What follows from the result of a check. */
export interface Judgement {
  readonly health: Health;
  /** Until the next check; null: it was found unhealthy, and there is nothing more to find out. */
  readonly waitMs: number | null;
}

/** Wait before the first check of a task that starts; doubled with each up to the interval. */
const earlyWaitMs = 250;
/** A wait is shortened by up to this share, so that what began together does not stay together. */
const jitterShare = 0.1;

/**
 * Of a task that has just started, or was found running.
 * @param wasHealthy what was last known: that of a task which is taken over holds until a check says otherwise
 * @param ranMs how long it has run
 * @param luck in [0, 1)
 */
export function beginHealth(
  policy: HealthPolicy,
  wasHealthy: boolean | null,
  ranMs: number,
  luck: number,
): Judgement {
  const health = { healthy: wasHealthy === true ? true : null, failures: 0, early: 0 };
  // Anywhere in the interval: of all that is taken over at once, each is checked at its own time.
  if (health.healthy === true) return { health, waitMs: policy.intervalMs * luck };
  return { health, waitMs: waitMs(policy, health, ranMs, luck) };
}

/**
 * @param passed the result of a check
 * @param ranMs how long the task had run when it was made
 * @param luck in [0, 1)
 */
export function judge(
  policy: HealthPolicy,
  before: Health,
  passed: boolean,
  ranMs: number,
  luck: number,
): Judgement {
  if (passed) {
    const health = { healthy: true, failures: 0, early: 0 };
    // The first success comes soon after a start: the next ones are spread over the interval.
    const isFirst = before.healthy !== true;
    const wait = isFirst ? policy.intervalMs * luck : waitMs(policy, health, ranMs, luck);
    return { health, waitMs: wait };
  }
  if (isEarly(policy, before, ranMs)) {
    const health = { ...before, early: before.early + 1 };
    return { health, waitMs: waitMs(policy, health, ranMs, luck) };
  }
  const failures = before.failures + 1;
  if (failures >= policy.retries) {
    return { health: { healthy: false, failures, early: 0 }, waitMs: null };
  }
  const health = { ...before, failures };
  return { health, waitMs: waitMs(policy, health, ranMs, luck) };
}

function waitMs(policy: HealthPolicy, health: Health, ranMs: number, luck: number): number {
  const { intervalMs } = policy;
  const most = isEarly(policy, health, ranMs) ? earlyWaitMs * 2 ** health.early : intervalMs;
  return Math.min(intervalMs, most) * (1 - jitterShare * luck);
}

/** Failures do not count: it starts, and was never healthy. */
function isEarly({ startPeriodMs }: HealthPolicy, { healthy }: Health, ranMs: number): boolean {
  return healthy === null && ranMs < startPeriodMs;
}
