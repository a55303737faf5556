/**
 * The room of an instance on its node: asked for before its first task, kept over restarts and back-off, and
 * given back once no task is to run. A part of the life cycle; whether there is room is for `ledger.ts`.
 */
import { isNothing, isSameResources, type Resources } from "../core/resources.ts";
import {
  change,
  enter,
  type InstanceEffect,
  type InstanceEvent,
  type InstanceState,
  nothing,
  type Step,
} from "./instance.ts";
import type { InstanceStatus, Phase } from "./instance-status.ts";

/** No task runs, and none is to. */
const atRest: ReadonlySet<Phase> = new Set(["stopped", "done", "failed", "lost"]);
/** A task runs, has run, or may be about to. */
const withTask: ReadonlySet<Phase> = new Set(["starting", "running", "stopping", "backing-off"]);

/** The node's answer. */
export function roomTold(
  state: InstanceState,
  { resources, refusal }: InstanceEvent & { readonly kind: "room" },
  nowMs: number,
): Step {
  const { asking } = state;
  if (asking === undefined || !isSameResources(asking, resources)) return nothing(state);
  if (refusal === undefined) {
    return change({ ...state, asking: undefined }, { reserved: resources });
  }
  const { reserved: _reserved, ...status } = state.status;
  const told = { refusal, reason: `its node ${refusal}` };
  const left = { ...state, status };
  return status.state === "pending" ? change(left, told) : enter(left, "pending", nowMs, told);
}

/** One that was found with a task has the room of it, whatever was noted. */
export function roomFound(state: InstanceState): InstanceState {
  const { status, desired } = state;
  const { resources } = desired.spec;
  if (!withTask.has(status.state) || status.reserved !== undefined || isNothing(resources)) {
    return state;
  }
  return change(state, { reserved: resources }).state;
}

/** What to tell the node, and the state without what is over. @param isBack its node was asked anew what is left of it */
export function settleRoom(before: InstanceState, settled: InstanceState, isBack: boolean): Step {
  const state = { ...settled, status: withoutWhatIsOver(settled) };
  return { state, effects: roomEffects(before, state, isBack) };
}

function withoutWhatIsOver({ status, asking }: InstanceState): InstanceStatus {
  if (asking !== undefined) return status;
  const { refusal, reserved, ...rest } = status;
  if (refusal === undefined && reserved === undefined) return status;
  const isKept = reserved !== undefined && !atRest.has(status.state);
  return isKept ? { ...rest, reserved } : rest;
}

function roomEffects(
  before: InstanceState,
  { status, asking }: InstanceState,
  isBack: boolean,
): readonly InstanceEffect[] {
  const { reserved } = status;
  if (asking !== undefined) {
    return isSame(before.asking, asking) ? [] : [{ kind: "reserve", resources: asking }];
  }
  if (isBack && reserved !== undefined) return [{ kind: "hold", resources: reserved }];
  const hadAny = (before.status.reserved ?? before.asking) !== undefined;
  return hadAny && reserved === undefined ? [{ kind: "release" }] : [];
}

function isSame(a: Resources | undefined, b: Resources): boolean {
  return a !== undefined && isSameResources(a, b);
}
