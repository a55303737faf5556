/**
 * What becomes of a task, and what that makes of its instance: the half of the life cycle that looks
 * at events. Where the instance goes from there is for `settling.ts`.
 */
import type { Random } from "../core/env.ts";
import {
  change,
  enter,
  type Found,
  forgetHealth,
  type InstanceState,
  nothing,
  type Step,
  type TaskEvent,
  type TaskHealth,
} from "./instance.ts";
import { type InstanceStatus, isChecked, lifeOf } from "./instance-status.ts";
import { decide, type Ending, type Exit, endingText } from "./restart-policy.ts";

/** An engine may have much to say of a start, or why there is none; the status keeps this much. */
const wordsCharsMax = 1_000;

const unseenExit: Exit = { kind: "unknown", reason: "nothing of it was found" };

export function started(
  state: InstanceState,
  { handle, startedAt, ports = {}, health, isPaused }: TaskEvent & { readonly kind: "started" },
  nowMs: number,
): Step {
  const { ports: _before, ...status } = state.status;
  const told = { handle, startedAt, ...(Object.keys(ports).length > 0 && { ports }) };
  if (status.state === "starting") {
    const { state: runs } = enter({ ...state, status }, "running", nowMs, told);
    const { state: now } = pausedTold(runs, isPaused === true, nowMs);
    return health === undefined ? nothing(now) : ownHealthTold(now, health, nowMs);
  }
  if (status.state === "stopping") return change({ ...state, status }, told);
  return nothing(state);
}

/** Told as the reason of its state for as long as it starts. */
export function progressed(state: InstanceState, text: string): Step {
  if (state.status.state !== "starting") return nothing(state);
  return change(state, { reason: text.slice(0, wordsCharsMax) });
}

export function startFailed(
  state: InstanceState,
  error: string,
  nowMs: number,
  random: Random,
): Step {
  // While it is being stopped, `stopped` follows: until then the stop is still under way.
  if (state.status.state !== "starting") return nothing(state);
  const ending: Ending = { kind: "not_started", error: error.slice(0, wordsCharsMax) };
  return ended(state, ending, 0, nowMs, random);
}

/** A task that was being stopped ended because of it; any other, by itself. */
export function exited(
  state: InstanceState,
  exit: Exit,
  atMs: number,
  nowMs: number,
  random: Random,
): Step {
  const { status } = state;
  const { reason: why } = status;
  if (status.state === "stopping") {
    const told = { ...exit, byMob: true, ...(why !== undefined && { why }), atMs };
    return change(state, { exit: told });
  }
  if (status.state !== "starting" && status.state !== "running") return nothing(state);
  const { state: told } = change(state, { exit: { ...exit, byMob: false, atMs } });
  return ended(told, { kind: "exit", exit, by: "task" }, ranWellMs(state, atMs), nowMs, random);
}

export function healthTold(
  state: InstanceState,
  healthy: boolean | null,
  why: string | undefined,
  nowMs: number,
): Step {
  const { reason: _reason, ...status } = state.status;
  if (status.state !== "running" || isSpared(status, healthy)) return nothing(state);
  const healthySince = status.healthySince ?? (healthy === true ? nowMs : undefined);
  return change(
    { ...state, status },
    {
      healthy,
      ...(healthySince !== undefined && { healthySince }),
      ...(why !== undefined && { reason: why.slice(0, wordsCharsMax) }),
    },
  );
}

/** It runs on: this is for people, and for no decision. What is said of its health comes first. */
export function conditionTold(state: InstanceState, why: string | undefined): Step {
  const { reason: _reason, ...status } = state.status;
  if (status.state !== "running" || state.desired.spec.health !== undefined) return nothing(state);
  return change(
    { ...state, status },
    why === undefined ? {} : { reason: why.slice(0, wordsCharsMax) },
  );
}

/**
 * Of a task that tells its health itself. It begins with null, and what was healthy is so until it tells otherwise:
 * an engine that has begun anew knows of no earlier check.
 */
export function ownHealthTold(
  state: InstanceState,
  { healthy, why }: TaskHealth,
  nowMs: number,
): Step {
  const { status, desired } = state;
  const isNoNews = healthy === null && status.ownHealth === true;
  if (status.state !== "running" || isNoNews || isSpared(status, healthy)) return nothing(state);
  const { state: told } = change(state, { ownHealth: healthy });
  // What is unhealthy is being ended, whatever it tells.
  if (desired.spec.health !== undefined || status.healthy === false) return nothing(told);
  return healthTold(told, healthy, why, nowMs);
}

/** What stands still answers nothing, and nothing is held against it: its health stays what it was. */
function isSpared({ pausedAt }: InstanceStatus, healthy: boolean | null): boolean {
  return pausedAt !== undefined && healthy === false;
}

/** It runs on for all who require it. Whoever has paused it, Mob or its engine's own tool, it is the same. */
export function pausedTold(state: InstanceState, isPaused: boolean, nowMs: number): Step {
  const { pausedAt, ...status } = state.status;
  if (status.state !== "running" || isPaused === (pausedAt !== undefined)) return nothing(state);
  return isPaused ? change(state, { pausedAt: nowMs }) : nothing({ ...state, status });
}

/** Where the spec has no check any more, what the task last told itself is its health. */
export function healthAsWanted(state: InstanceState, nowMs: number): Step {
  const { ownHealth, healthy } = state.status;
  const isAsked = state.desired.spec.health !== undefined;
  if (isAsked || ownHealth === undefined || ownHealth === healthy) return nothing(state);
  return healthTold(state, ownHealth, undefined, nowMs);
}

/** What was stopped for its health ended by a failure; whatever else was stopped has no more to say. */
export function stopped(state: InstanceState, nowMs: number, random: Random): Step {
  const { status } = state;
  if (status.state !== "stopping") return nothing(state);
  if (status.healthy !== false) return enter(state, "stopped", nowMs);
  const ending: Ending = { kind: "unhealthy", why: status.reason ?? "" };
  return ended(state, ending, ranWellMs(state, status.exit?.atMs ?? nowMs), nowMs, random);
}

/** How long a task that ended at `atMs` did what it was to do. */
function ranWellMs({ status, desired }: InstanceState, atMs: number): number {
  const { state, healthySince, startedAt, since } = status;
  if (isChecked(status, desired.spec)) return healthySince === undefined ? 0 : atMs - healthySince;
  return atMs - (state === "starting" ? since : (startedAt ?? since));
}

export function timerFired(state: InstanceState, nowMs: number): Step {
  if (state.status.state !== "backing-off") return nothing(state);
  return change({ ...state, timerSet: false }, { retryAt: nowMs });
}

/** The engine knows best what runs; the status, what had been decided about what no longer does. */
export function adopted(state: InstanceState, found: Found, nowMs: number, random: Random): Step {
  const back = { ...state, adopting: false };
  const { status } = back;
  if (found.kind === "nothing" || found.attempt < status.attempt) {
    return foundNothing(back, nowMs, random);
  }
  const { attempt } = found;
  if (found.kind === "running") return foundRunning(back, found, nowMs);
  if (attempt === status.attempt) {
    const told = exited(back, found.exit, found.atMs, nowMs, random);
    return status.state === "stopping" ? stopped(told.state, nowMs, random) : told;
  }
  const unseen = { ...back, status: forgetHealth(status) };
  const { state: begun } = enter(unseen, "starting", found.atMs, { attempt, ...lifeUnseen(back) });
  return exited(begun, found.exit, found.atMs, nowMs, random);
}

function foundRunning(
  state: InstanceState,
  { attempt, handle, startedAt, health, isPaused }: Found & { readonly kind: "running" },
  nowMs: number,
): Step {
  const { status } = state;
  const isKnown = status.attempt === attempt;
  // What was said of an engine that did not tell is over; what a task is short of, it tells anew.
  const { reason: _reason, ...rest } = status;
  const known = { ...state, status: isKnown ? rest : forgetHealth(rest) };
  // What was being ended for its health is so still, and will be.
  const told = isKnown ? healthOf(status) : { healthy: null, ...lifeUnseen(state) };
  const { state: runs } =
    isKnown && status.state === "running"
      ? change(known, { handle, ...told })
      : enter(known, "running", nowMs, { attempt, handle, startedAt, held: false, ...told });
  const { state: next } = pausedTold(runs, isPaused === true, nowMs);
  return health === undefined ? nothing(next) : ownHealthTold(next, health, nowMs);
}

/**
 * The life of a start that was not noted before its node crashed. What has ended by itself and is restarted by
 * its group alone is started into its next life, and no other.
 */
function lifeUnseen({ status, desired }: InstanceState): Partial<InstanceStatus> {
  const isByGroup = desired.inGroup?.restartedBy === "group" && status.exit?.byMob === false;
  const waits = status.state === "backing-off" || (status.state === "pending" && status.held);
  return isByGroup && waits ? { life: lifeOf(status) + 1 } : {};
}

function healthOf({ healthy, reason }: InstanceStatus): Partial<InstanceStatus> {
  return { healthy, ...(healthy === false && reason !== undefined && { reason }) };
}

function foundNothing(state: InstanceState, nowMs: number, random: Random): Step {
  switch (state.status.state) {
    case "starting": // The start never came about: nobody's failure, so no matter for the policy.
      return enter(state, "pending", nowMs);
    case "running":
      return exited(state, unseenExit, nowMs, nowMs, random);
    case "stopping":
      return stopped(exited(state, unseenExit, nowMs, nowMs, random).state, nowMs, random);
    case "pending":
    case "stopped":
    case "backing-off":
    case "failed":
    case "lost":
    case "done":
      return nothing(state);
  }
}

function ended(
  state: InstanceState,
  ending: Ending,
  ranMs: number,
  nowMs: number,
  random: Random,
): Step {
  const { restart: policy } = state.desired.spec;
  const decision = decide(policy, state.status.history, ending, ranMs, nowMs, random());
  switch (decision.kind) {
    case "restart": {
      const { history, delayMs } = decision;
      const reason = endingText(ending);
      return enter(state, "backing-off", nowMs, { history, reason, retryAt: nowMs + delayMs });
    }
    case "failed":
    case "lost":
      return enter(state, decision.kind, nowMs, { reason: decision.reason });
    case "done":
      return enter(state, "done", nowMs);
  }
}
