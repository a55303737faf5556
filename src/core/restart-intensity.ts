/**
 * Tells a child that fails now and then from one that cannot be helped: more than `intensity`
 * restarts within `periodMs` are too many. Pure; the boundary is that of OTP's `supervisor` module,
 * where a restart exactly `periodMs` ago still counts.
 */
export interface RestartIntensity {
  /** Most restarts within the period; 0: the first failure is one too many. */
  readonly intensity: number;
  readonly periodMs: number;
}

export interface RestartVerdict {
  readonly exceeded: boolean;
  /** When those were that still count, this one included, the newest last. */
  readonly restartedAt: readonly number[];
}

/** Counts a restart at `now`, in ms of the same clock as `restartedAt`. */
export function countRestart(
  limit: RestartIntensity,
  restartedAt: readonly number[],
  now: number,
): RestartVerdict {
  const recent = restartedAt.filter((at) => now <= at + limit.periodMs);
  recent.push(now);
  return { exceeded: recent.length > limit.intensity, restartedAt: recent };
}
