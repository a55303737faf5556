/**
 * Decides what follows a task's end: again at once, again later, or no more. Pure: it is told the
 * time and its luck, and its history travels with the instance's status, so a move to another node
 * does not reset it. Semantics after Erlang's supervisor (intensity and period).
 */

/**
 * How a task ended; as providers tell it. `unknown`: it is gone and nothing recorded how. `reason` of a
 * signal: why it was sent, where the engine knows.
 */
export type Exit =
  | { readonly kind: "exited"; readonly code: number }
  | { readonly kind: "signaled"; readonly signal: string; readonly reason?: string }
  | { readonly kind: "unknown"; readonly reason: string };

/** What ended a run. `by`: what made the task go, `task` being itself or someone who is not Mob. */
export type Ending =
  | { readonly kind: "exit"; readonly exit: Exit; readonly by: "task" | "stop" }
  /** A kill for failed health checks, however the task went; `why` says which check and how. */
  | { readonly kind: "unhealthy"; readonly why: string }
  | { readonly kind: "not_started"; readonly error: string };

export interface RestartPolicy {
  /** Default `always`. `none` is a job: it runs once. */
  readonly when: "always" | "on_error" | "none";
  /** Wait before the second restart in a row; default 1,000. Shorter heals faster, and hammers longer. */
  readonly delayMs: number;
  /** Growth of the wait a restart; default 2. */
  readonly factor: number;
  /** Longest wait; default 60,000. */
  readonly delayMaxMs: number;
  /** Time running, and healthy where that is checked, after which the waits begin anew; default 60,000. */
  readonly healthyAfterMs: number;
  /** Give up rather than restart more than `restarts` times within `withinMs`; default: never. */
  readonly intensity?: Intensity;
}

/** More than `restarts` within `withinMs` are too many. */
export interface Intensity {
  readonly restarts: number;
  readonly withinMs: number;
}

/** What the decision needs of the past. Times in ms of wall clock, since it moves between nodes. */
export interface RestartHistory {
  /** Restarts since the task last ran well for `healthyAfterMs`. */
  readonly inARow: number;
  /** When restarts were due, as far back as the intensity looks; the last may yet have to come. */
  readonly restartedAt: readonly number[];
}

/** What comes next. `lost`: a job whose end no one saw is neither done nor failed, and not run again. */
export type Decision =
  | { readonly kind: "restart"; readonly delayMs: number; readonly history: RestartHistory }
  | { readonly kind: "done" }
  | { readonly kind: "failed"; readonly reason: string }
  | { readonly kind: "lost"; readonly reason: string };

export const noRestarts: RestartHistory = { inARow: 0, restartedAt: [] };

/** A wait is shortened by up to this share of it, so that what fell together does not rise together. */
export const jitterShare = 0.2;

/** Past this many doublings every wait is at its longest; keeps the power finite. */
const growthsMax = 64;

/**
 * @param ranMs how long the task ran well; negative (a clock jumped) counts as not at all
 * @param luck in [0, 1): how much of the jitter to take; 0 gives the full wait
 */
export function decide(
  policy: RestartPolicy,
  history: RestartHistory,
  ending: Ending,
  ranMs: number,
  nowMs: number,
  luck: number,
): Decision {
  if (policy.when === "none") return endOfJob(ending);
  if (policy.when === "on_error" && !isError(ending)) return { kind: "done" };
  const inARow = ranMs >= policy.healthyAfterMs ? 0 : history.inARow;
  const delayMs = inARow === 0 ? 0 : waitMs(policy, inARow, luck);
  const dueAt = nowMs + delayMs;
  const { intensity } = policy;
  // A restart that seems to lie ahead is one of a clock that has since been set back: it counts as now.
  const past = history.restartedAt.map((at) => Math.min(at, nowMs));
  const recent = past.filter((at) => dueAt - at < (intensity?.withinMs ?? 0));
  if (intensity !== undefined && recent.length >= intensity.restarts) {
    const limit = `${intensity.restarts} restarts within ${intensity.withinMs / 1_000} s`;
    return { kind: "failed", reason: `${endingText(ending)}; gave up after ${limit}` };
  }
  const restartedAt = [...recent, dueAt];
  return { kind: "restart", delayMs, history: { inARow: inARow + 1, restartedAt } };
}

/** The history once its last restart has come, at `nowMs`: it may be later than it was due. */
export function restarted(history: RestartHistory, nowMs: number): RestartHistory {
  return { ...history, restartedAt: [...history.restartedAt.slice(0, -1), nowMs] };
}

/** What ended a run, for people: `exited with code 7`, `killed by SIGKILL`. */
export function endingText(ending: Ending): string {
  switch (ending.kind) {
    case "not_started":
      return `could not be started: ${ending.error}`;
    case "unhealthy":
      return `ended as unhealthy: ${ending.why}`;
    case "exit":
      return exitText(ending.exit);
  }
}

/** How a task ended, for people. */
export function exitText(exit: Exit): string {
  switch (exit.kind) {
    case "exited":
      return `exited with code ${exit.code}`;
    case "signaled":
      return `killed by ${exit.signal}${exit.reason === undefined ? "" : `: ${exit.reason}`}`;
    case "unknown":
      return `ended, and how is unknown: ${exit.reason}`;
  }
}

function waitMs(policy: RestartPolicy, inARow: number, luck: number): number {
  const grown = policy.delayMs * policy.factor ** Math.min(inARow - 1, growthsMax);
  return Math.round(Math.min(grown, policy.delayMaxMs) * (1 - jitterShare * luck));
}

function endOfJob(ending: Ending): Decision {
  if (ending.kind === "exit" && ending.exit.kind === "unknown" && ending.by === "task") {
    return { kind: "lost", reason: endingText(ending) };
  }
  return isError(ending) ? { kind: "failed", reason: endingText(ending) } : { kind: "done" };
}

/** A start that failed, a non-zero exit, a signal or a vanishing that Mob did not cause, a health kill. */
function isError(ending: Ending): boolean {
  if (ending.kind !== "exit") return true;
  if (ending.by === "stop") return false;
  return ending.exit.kind !== "exited" || ending.exit.code !== 0;
}
