/**
 * One instance on its node, as its life cycle sees it: what is wanted of it, what is known of it,
 * what can happen to it, and what is to be done about it. The moves are in `life-cycle.ts`.
 */
import type { Resources } from "../core/resources.ts";
import type { Waiting } from "./dependencies.ts";
import type { Member } from "./group-members.ts";
import {
  type Handle,
  type InstanceStatus,
  lifeOf,
  type Phase,
  type Stamp,
} from "./instance-status.ts";
import type { Ports } from "./ports.ts";
import type { Exit } from "./restart-policy.ts";
import type { ServiceSpec } from "./spec.ts";
import type { Standing } from "./standing.ts";

/** What is wanted of the instance. The stamps make every wish idempotent. */
export interface Desired {
  readonly spec: ServiceSpec;
  readonly specStamp: Stamp;
  readonly run: "running" | "stopped";
  /** Changes with every start, stop and deploy by a user: it gives what had failed or ended a new start. */
  readonly runStamp: Stamp;
  /** Changes with every restart that a user asks for; `noStamp` if none ever was. */
  readonly restartStamp: Stamp;
  /** Its service was removed, or it is placed elsewhere: final. */
  readonly removed: boolean;
  /** Why it is to go, for people, where that says more than that it was removed or moved. */
  readonly removedFor?: string;
  /** What its group wants of it; absent: it is in none. */
  readonly inGroup?: InGroup;
}

/** What a group wants of an instance of it. */
export interface InGroup extends Pick<Member, "before" | "restartedBy"> {
  /** The life that it is to be in: in an earlier one it is ended, and started in this one. */
  readonly life: number;
  /** Why the group has failed, and so nothing of it is to run; absent: it has not. */
  readonly failure?: string;
}

export interface InstanceState {
  readonly status: InstanceStatus;
  readonly desired: Desired;
  /** What the next start waits for, as long as the status says `held`. */
  readonly waitingFor: readonly Waiting[];
  /** What it requires, as far as it is known. */
  readonly standing: readonly Standing[];
  /** What is to end before it has ended. */
  readonly mayEnd: boolean;
  /** How far the others of its group are is known as of what is wanted now: before that, nothing is done. */
  readonly isTold: boolean;
  /** Back after a crash, and not yet told what is left: nothing is done before that. */
  readonly adopting: boolean;
  /** `remove` is done or under way: nothing is ever started again. */
  readonly removing: boolean;
  readonly timerSet: boolean;
  /** What its node was asked for and has not given, for a start that waits for nothing else. */
  readonly asking?: Resources | undefined;
}

/** What a task tells of its health itself; absent where it tells nothing. */
export interface TaskHealth {
  readonly healthy: boolean | null;
  /** Why it is not healthy, for people. */
  readonly why?: string;
}

/** What the engine has of an instance when its node comes back: its newest task, if any. */
export type Found =
  | {
      readonly kind: "running";
      readonly attempt: number;
      readonly handle: Handle;
      readonly startedAt: number;
      readonly health?: TaskHealth;
      /** Absent: it is not, or cannot be. */
      readonly isPaused?: boolean;
    }
  | { readonly kind: "gone"; readonly attempt: number; readonly exit: Exit; readonly atMs: number }
  | { readonly kind: "nothing" };

/**
 * What becomes of a task, by its attempt: what is told of an earlier one comes late and changes
 * nothing. `exited` also comes before `stopped`, where the exit is known.
 */
export type TaskEvent =
  | {
      readonly kind: "started";
      readonly attempt: number;
      readonly handle: Handle;
      /** Wall clock, ms; so is `atMs`, the end. */
      readonly startedAt: number;
      /** That it was given; absent: none. */
      readonly ports?: Ports;
      readonly health?: TaskHealth;
      readonly isPaused?: boolean;
    }
  /** What a start that takes long is at, for people. */
  | { readonly kind: "progress"; readonly attempt: number; readonly text: string }
  /** Nothing of it is left. */
  | { readonly kind: "start_failed"; readonly attempt: number; readonly error: string }
  | {
      readonly kind: "exited";
      readonly attempt: number;
      readonly exit: Exit;
      readonly atMs: number;
    }
  /** What is known of its health has changed; `why` it is not healthy, for people. */
  | {
      readonly kind: "health";
      readonly attempt: number;
      readonly healthy: boolean | null;
      readonly why?: string;
    }
  /** Of what runs: `why` it does less than it should, for people; absent: it does all. */
  | { readonly kind: "condition"; readonly attempt: number; readonly why?: string }
  /** It tells itself that its health is another from now on. */
  | { readonly kind: "own-health"; readonly attempt: number; readonly health: TaskHealth }
  /** It stands still from now on, or goes on, whoever has seen to that. */
  | { readonly kind: "paused"; readonly attempt: number; readonly isPaused: boolean }
  /** What `stop` asked for is complete: nothing of the task is left. */
  | { readonly kind: "stopped"; readonly attempt: number };

export type InstanceEvent =
  | TaskEvent
  | { readonly kind: "desired"; readonly desired: Desired }
  /**
   * Everything it still waits for; empty: it may start. To be told again when `requires` changes, and of
   * what is in a group after each `desired`.
   */
  | {
      readonly kind: "dependencies";
      readonly waitingFor: readonly Waiting[];
      /** Of what it has to follow; default: nothing is known of it. */
      readonly standing?: readonly Standing[];
      /** Nothing of its group is to end before it; default true. */
      readonly mayEnd?: boolean;
    }
  | { readonly kind: "timer"; readonly timer: TimerId }
  /** What it asked for it has from now on; or not, and why. Told again once there is room. */
  | { readonly kind: "room"; readonly resources: Resources; readonly refusal?: string }
  /** Whoever holds the task is back, with what is left of it: first event after `resume`. */
  | { readonly kind: "adopted"; readonly found: Found };

/** At most one timer of each is set. */
export type TimerId = "restart";

export type StopReason =
  | "stop"
  | "restart"
  | "update"
  | "remove"
  | "unhealthy"
  | "dependency"
  | "group";

export type InstanceEffect =
  /** Comes first among the effects of a step: what is stored is never behind what runs. */
  | { readonly kind: "publish"; readonly status: InstanceStatus }
  /** Answered by `started` or `start_failed`. Idempotent by attempt. */
  | {
      readonly kind: "start";
      readonly attempt: number;
      readonly spec: ServiceSpec;
      /** What it was given before: to be given again where that can be had. */
      readonly ports: Ports;
    }
  /** Answered by `stopped`. May come while the start is under way: that is to settle first. */
  | {
      readonly kind: "stop";
      readonly attempt: number;
      readonly reason: StopReason;
      readonly signal: string;
      readonly graceMs: number;
      /** Before the signal. */
      readonly delayMs: number;
    }
  | { readonly kind: "setTimer"; readonly timer: TimerId; readonly ms: number }
  | { readonly kind: "cancelTimer"; readonly timer: TimerId }
  /** In place of what it had or asked for. Answered by `room`. */
  | { readonly kind: "reserve"; readonly resources: Resources }
  /** It was found to have it, and needs no answer. */
  | { readonly kind: "hold"; readonly resources: Resources }
  | { readonly kind: "release" }
  /** Nothing of the instance is to stay: tasks, output, records. The last effect there is. */
  | { readonly kind: "remove" };

export interface Step {
  readonly state: InstanceState;
  readonly effects: readonly InstanceEffect[];
}

/** No effects. */
export function nothing(state: InstanceState): Step {
  return { state, effects: [] };
}

/** Into another state; what was only true in the one before is dropped. */
export function enter(
  state: InstanceState,
  phase: Phase,
  nowMs: number,
  more: Partial<InstanceStatus> = {},
): Step {
  const { reason: _reason, handle: _handle, retryAt: _retryAt, ...rest } = state.status;
  const { refusal: _refusal, pausedAt: _pausedAt, ...lasting } = rest;
  const status = { ...lasting, healthy: null, state: phase, since: nowMs, ...more };
  return nothing({ ...state, status });
}

/** Without what is known of the health of an earlier task. */
export function forgetHealth(status: InstanceStatus): InstanceStatus {
  const { healthySince: _since, ownHealth: _own, ...rest } = status;
  return rest;
}

/** The same state, with something more known of it. */
export function change(state: InstanceState, more: Partial<InstanceStatus>): Step {
  return nothing({ ...state, status: { ...state.status, ...more } });
}

/** Whether something of it is to run. */
export function wantsRun({ run, removed, inGroup }: Desired): boolean {
  return run === "running" && !removed && inGroup?.failure === undefined;
}

/**
 * Whether it is to be ended and started again in step with the others of its group: that has another life
 * for it, or a user has asked for a restart.
 */
export function isOutlived(status: InstanceStatus, { inGroup, restartStamp }: Desired): boolean {
  if (inGroup === undefined) return false;
  return lifeOf(status) < inGroup.life || status.restartStamp !== restartStamp;
}
