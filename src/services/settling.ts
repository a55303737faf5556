/**
 * Goes from where an instance is towards what is wanted of it: the half of the life cycle that looks
 * at no event, only at the state that the event has left.
 */
import { isNothing, isSameResources, noResources } from "../core/resources.ts";
import { waitingText } from "./dependencies.ts";
import {
  change,
  enter,
  forgetHealth,
  type InstanceState,
  isOutlived,
  nothing,
  type Step,
  type StopReason,
  wantsRun,
} from "./instance.ts";
import { type InstanceStatus, lifeOf } from "./instance-status.ts";
import { isGiven } from "./ports.ts";
import { noRestarts, restarted } from "./restart-policy.ts";
import { startedWith, whyDown, whyNotRunOn } from "./standing.ts";
import { taskDigest } from "./task-digest.ts";

/** What is to be done now, if anything. */
export function settle(state: InstanceState, nowMs: number): Step {
  const { status, desired } = state;
  switch (status.state) {
    case "stopping":
      return nothing(state);
    case "starting":
    case "running":
      return seeToTask(state, nowMs);
    case "pending":
      return wantsRun(desired) ? startOrWait(state, nowMs) : rest(state, nowMs);
    case "stopped":
      if (!wantsRun(desired)) return rest(state, nowMs);
      // Ended for its group's sake, it goes on as what it was: its waits and its own limit hold.
      return isInOldLife(state) && !isAsked(state) && !hasNewSpec(state)
        ? startOrWait(state, nowMs)
        : startAnew(state, nowMs);
    case "backing-off":
      if (!wantsRun(desired)) return rest(state, nowMs);
      if (isAsked(state) || hasNewSpec(state)) return startAnew(state, nowMs);
      // What it requires will not come back by itself: then its start is no matter of the policy's.
      if (whyDown(desired.spec.onDependencyDown, state.standing) !== undefined) {
        return startOrWait(change(state, { held: true }).state, nowMs);
      }
      if ((status.retryAt ?? nowMs) > nowMs || awaitsGroup(state)) return nothing(state);
      return restart(state, nowMs);
    case "failed":
      if (!wantsRun(desired)) return rest(state, nowMs);
      if (isAsked(state) || hasNewSpec(state) || isInOldLife(state)) {
        return startAnew(state, nowMs);
      }
      return nothing(state);
    case "lost":
    case "done":
      if (!wantsRun(desired)) return rest(state, nowMs);
      if (isAsked(state) || needsNewTask(state) || isInOldLife(state)) {
        return startAnew(state, nowMs);
      }
      return acknowledge(state);
  }
}

function seeToTask(state: InstanceState, nowMs: number): Step {
  const { status, desired } = state;
  const reason = stopReason(state);
  if (reason === undefined) return acknowledge(state);
  const { signal, graceMs, delayMs: delay } = desired.spec.stop;
  // Of what is not told of, nobody is about to ask for anything.
  const isTold = status.healthy !== false && status.pausedAt === undefined;
  const delayMs = status.state === "running" && isTold ? delay : 0;
  const held = status.held || (reason !== "restart" && reason !== "unhealthy");
  const { handle, attempt } = status;
  const next = enter(state, "stopping", nowMs, {
    held,
    ...(handle !== undefined && { handle }),
    ...(reason === "unhealthy" && { healthy: false, reason: status.reason ?? "" }),
    ...(reason === "dependency" && { reason: whyEnded(state) ?? "" }),
    ...(reason === "group" && { reason: "its group restarts it" }),
    ...(reason === "remove" && desired.removedFor && { reason: desired.removedFor }),
  });
  return {
    state: next.state,
    effects: [{ kind: "stop", attempt, reason, signal, graceMs, delayMs }],
  };
}

function stopReason(state: InstanceState): StopReason | undefined {
  const { status, desired } = state;
  if (desired.removed) return "remove";
  if (!wantsRun(desired)) return state.mayEnd ? "stop" : undefined;
  if (needsNewTask(state)) return "update";
  if (isInOldLife(state)) return state.mayEnd ? "group" : undefined;
  if (desired.restartStamp !== status.restartStamp) return "restart";
  // Its node crashed before it had noted what ports it gave: no one can find it.
  if (status.state === "running" && !isGiven(desired.spec.ports, status.ports ?? {})) {
    return "restart";
  }
  if (status.healthy === false) return "unhealthy";
  return status.state === "running" && whyEnded(state) !== undefined ? "dependency" : undefined;
}

/** What it requires does not let it run on. */
function whyEnded({ status, desired, standing }: InstanceState): string | undefined {
  return whyNotRunOn(desired.spec.onDependencyDown, standing, status.startedWith);
}

/** Nothing runs, and nothing is to: stopped, or removed for good, or failed with its group. */
function rest(state: InstanceState, nowMs: number): Step {
  const { status, desired } = state;
  const failure = desired.inGroup?.failure;
  if (failure !== undefined && desired.run === "running" && !desired.removed) {
    // What it has come to by itself says more.
    if (["failed", "done", "lost"].includes(status.state)) return nothing(state);
    return enter(state, "failed", nowMs, { reason: failure, held: true });
  }
  const isThere = status.state === "stopped";
  const { state: next } = isThere
    ? change(state, { held: true })
    : enter(state, "stopped", nowMs, { held: true });
  if (!desired.removed) return nothing(next);
  return { state: { ...next, removing: true }, effects: [{ kind: "remove" }] };
}

/** A start that a user asked for, in whatever way: what came before no longer counts. */
function startAnew(state: InstanceState, nowMs: number): Step {
  const held = state.status.held || needsNewTask(state) || isInOldLife(state);
  return startOrWait(change(state, { held, history: noRestarts }).state, nowMs);
}

function startOrWait(state: InstanceState, nowMs: number): Step {
  const { status, waitingFor } = state;
  if (!status.held || waitingFor.length === 0) return startOrAsk(state, nowMs);
  const reason = waitingText(waitingFor);
  if (status.state !== "pending") return enter(state, "pending", nowMs, { reason });
  return status.reason === reason ? nothing(state) : change(state, { reason });
}

/** Waits until its node keeps for it what the spec says: what is to run is never more than has room. */
function startOrAsk(state: InstanceState, nowMs: number): Step {
  const { resources } = state.desired.spec;
  const { reserved = noResources } = state.status;
  if (isSameResources(reserved, resources)) return start(state, nowMs, {});
  if (!isNothing(resources)) return nothing({ ...state, asking: resources });
  const { reserved: _reserved, ...status } = state.status;
  return start({ ...state, status }, nowMs, {});
}

/** A start by the policy; into another life, as soon as the others of its group are so far. */
function restart(state: InstanceState, nowMs: number): Step {
  const { restarts, history } = state.status;
  const counted = { restarts: restarts + 1, history: restarted(history, nowMs) };
  if (!isInOldLife(state)) return start(state, nowMs, counted);
  return startOrWait(change(state, { ...counted, held: true }).state, nowMs);
}

function start(state: InstanceState, nowMs: number, more: Partial<InstanceStatus>): Step {
  const { spec, specStamp, runStamp, restartStamp } = state.desired;
  const attempt = state.status.attempt + 1;
  const task = taskDigest(spec);
  const stamps = { specStamp, runStamp, restartStamp };
  const { startedWith: before, ...status } = forgetHealth(state.status);
  const known = startedWith(state.standing, before);
  const withKnown = known !== undefined && { startedWith: known };
  const life = Math.max(lifeOf(state.status), state.desired.inGroup?.life ?? 0);
  const lives = life > 0 && { life };
  const begun = { attempt, task, held: false, ...withKnown, ...lives, ...stamps, ...more };
  const next = enter({ ...state, status }, "starting", nowMs, begun);
  return {
    state: next.state,
    effects: [{ kind: "start", attempt, spec, ports: status.ports ?? {} }],
  };
}

/** Notes what needed nothing to be done: a start of what runs, a spec that its task can live with. */
function acknowledge(state: InstanceState): Step {
  const { specStamp, runStamp } = state.desired;
  const { status } = state;
  if (specStamp === status.specStamp && runStamp === status.runStamp) return nothing(state);
  return change(state, { specStamp, runStamp });
}

function isInOldLife({ status, desired }: InstanceState): boolean {
  return isOutlived(status, desired);
}

/** It has ended, and its group is yet to say what follows. */
function awaitsGroup(state: InstanceState): boolean {
  return state.desired.inGroup?.restartedBy === "group" && !isInOldLife(state);
}

/** A user has asked for a start or a restart since the last one. */
function isAsked({ status, desired }: InstanceState): boolean {
  return desired.runStamp !== status.runStamp || desired.restartStamp !== status.restartStamp;
}

function hasNewSpec({ status, desired }: InstanceState): boolean {
  return desired.specStamp !== status.specStamp;
}

function needsNewTask(state: InstanceState): boolean {
  return hasNewSpec(state) && taskDigest(state.desired.spec) !== state.status.task;
}
