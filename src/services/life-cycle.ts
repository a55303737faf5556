/**
 * The life cycle of one instance on its node, as a pure state machine. Its actor feeds in what the
 * user wants, what the instance waits for and what becomes of its task, and carries out the effects
 * in their order. All of it is level-triggered: an event that changes nothing has no effect.
 */
import type { Random } from "../core/env.ts";
import type { Waiting } from "./dependencies.ts";
import {
  type Desired,
  type InstanceEffect,
  type InstanceEvent,
  type InstanceState,
  nothing,
  type Step,
  type TaskEvent,
} from "./instance.ts";
import { type InstanceStatus, newStatus } from "./instance-status.ts";
import { isSameData } from "./plain-data.ts";
import { roomFound, roomTold, settleRoom } from "./room.ts";
import { settle } from "./settling.ts";
import type { ServiceSpec } from "./spec.ts";
import * as task from "./task-events.ts";

/** A new instance. Nothing happens before its first event, `dependencies`. */
export function begin(desired: Desired, nowMs: number): InstanceState {
  return { ...resume(newStatus(nowMs), desired), adopting: false };
}

/** An instance with a past. Nothing happens before `adopted` has told what is left of it. */
export function resume(status: InstanceStatus, desired: Desired): InstanceState {
  const waitingFor = unknownYet(desired.spec);
  const begun = { adopting: true, removing: false, timerSet: false, mayEnd: true };
  return { status, desired, waitingFor, standing: [], isTold: isAlone(desired), ...begun };
}

/**
 * Total: every event has a result in every state.
 * @param nowMs wall clock
 * @param random draws the jitter of a wait
 */
export function step(
  state: InstanceState,
  event: InstanceEvent,
  nowMs: number,
  random: Random,
): Step {
  if (state.removing) return { state, effects: [] };
  const { state: told } = react(state, event, nowMs, random);
  if (told.adopting) return { state: told, effects: [] };
  const isBack = event.kind === "adopted";
  const known = isBack ? roomFound(told) : told;
  const settled = known.isTold ? settle({ ...known, asking: undefined }, nowMs) : nothing(known);
  const { state: next, effects: ofRoom } = settleRoom(state, settled.state, isBack);
  const { status } = next;
  return {
    state: { ...next, timerSet: isTimed(status, nowMs) },
    effects: [
      ...(isSameStatus(status, state.status) ? [] : [{ kind: "publish", status } as const]),
      ...timerEffects(next, nowMs),
      ...ofRoom,
      ...settled.effects,
    ],
  };
}

/** What the event itself tells. What is wanted and not yet so is seen to afterwards, by `settle`. */
function react(state: InstanceState, event: InstanceEvent, nowMs: number, random: Random): Step {
  switch (event.kind) {
    case "desired":
      return task.healthAsWanted({ ...state, ...newDesired(state, event.desired) }, nowMs);
    case "dependencies":
      return nothing({
        ...state,
        waitingFor: event.waitingFor,
        standing: event.standing ?? [],
        mayEnd: event.mayEnd ?? true,
        isTold: true,
      });
    case "timer":
      return task.timerFired(state, nowMs);
    case "room":
      return roomTold(state, event, nowMs);
    case "adopted":
      return task.adopted(state, event.found, nowMs, random);
    case "started":
    case "progress":
    case "start_failed":
    case "exited":
    case "health":
    case "condition":
    case "own-health":
    case "paused":
    case "stopped":
      if (event.attempt !== state.status.attempt) return nothing(state);
      return reactToTask(state, event, nowMs, random);
  }
}

function reactToTask(state: InstanceState, event: TaskEvent, nowMs: number, random: Random): Step {
  switch (event.kind) {
    case "started":
      return task.started(state, event, nowMs);
    case "progress":
      return task.progressed(state, event.text);
    case "start_failed":
      return task.startFailed(state, event.error, nowMs, random);
    case "exited":
      return task.exited(state, event.exit, event.atMs, nowMs, random);
    case "health":
      return task.healthTold(state, event.healthy, event.why, nowMs);
    case "condition":
      return task.conditionTold(state, event.why);
    case "own-health":
      return task.ownHealthTold(state, event.health, nowMs);
    case "paused":
      return task.pausedTold(state, event.isPaused, nowMs);
    case "stopped":
      return task.stopped(state, nowMs, random);
  }
}

/** What other services are required is looked up anew; until that is told, the start is held. */
function newDesired(state: InstanceState, desired: Desired): Partial<InstanceState> {
  const { requires } = state.desired.spec;
  const isAsBefore = requires.join() === desired.spec.requires.join();
  const told = { desired, isTold: isAlone(desired) };
  return isAsBefore ? told : { ...told, waitingFor: unknownYet(desired.spec), standing: [] };
}

/** Whether there are no others of a group whose ends and starts it has to heed. */
function isAlone({ inGroup }: Desired): boolean {
  return inGroup === undefined;
}

function unknownYet(spec: ServiceSpec): readonly Waiting[] {
  return spec.requires.map((name) => ({ name, why: "is not known yet" }));
}

/** It backs off, and its wait is not over: then it waits for its group's word, if it is there still. */
function isTimed({ state, retryAt }: InstanceStatus, nowMs: number): boolean {
  return state === "backing-off" && (retryAt ?? nowMs) > nowMs;
}

/** A timer is set exactly while the instance waits out its delay. */
function timerEffects(next: InstanceState, nowMs: number): readonly InstanceEffect[] {
  const { status, desired, timerSet } = next;
  const isWanted = isTimed(status, nowMs);
  if (isWanted === timerSet) return [];
  if (!isWanted) return [{ kind: "cancelTimer", timer: "restart" }];
  // Bounded, because the clock may have been set back since `retryAt` was stored.
  const left = Math.min((status.retryAt ?? nowMs) - nowMs, desired.spec.restart.delayMaxMs);
  return [{ kind: "setTimer", timer: "restart", ms: Math.max(0, left) }];
}

/** Whether two statuses say the same. */
export function isSameStatus(a: InstanceStatus, b: InstanceStatus): boolean {
  return isSameData(a, b);
}
