/**
 * What is known of one instance by the node that runs it: stored, shown by `ls`, and all that the
 * node needs to go on after a crash. Everything of the life cycle that must survive is in here.
 */
import type { Resources } from "../core/resources.ts";
import type { Ports } from "./ports.ts";
import type { Exit, RestartHistory } from "./restart-policy.ts";
import { noRestarts } from "./restart-policy.ts";

/** By name of a required service: the incarnations that were up when the task was started. */
export type StartedWith = Readonly<Record<string, readonly string[]>>;

/** DESIGN section 9. `pending` waits for what it requires; `done` and `lost` are ends of a job. */
export type Phase =
  | "pending"
  | "starting"
  | "running"
  | "stopping"
  | "stopped"
  | "backing-off"
  | "failed"
  | "lost"
  | "done";

/** Finds a task again, in its provider's terms: `pid`, `container`… Plain data. */
export type Handle = Readonly<Record<string, string | number>>;

/** How the last task ended. */
export type TaskExit = Exit & {
  /** Because it was told to stop. */
  readonly byMob: boolean;
  /** Why it was, for people; absent where a user wished it. */
  readonly why?: string;
  /** Wall clock. */
  readonly atMs: number;
};

/** Identity of a version of a desired state: the store's stamp. Only ever compared for equality. */
export type Stamp = string;

/** Stands where there has been none. */
export const noStamp: Stamp = "";

/** Times are wall clock in ms. */
export interface InstanceStatus {
  readonly state: Phase;
  /** Why it is in its state, where there is something to say. */
  readonly reason?: string;
  /** Of a task that runs. Null: no one checks, or nothing is known yet. False: it is being ended for it. */
  readonly healthy: boolean | null;
  /** What the task that runs, or ran last, told of its health itself, as `healthy`; absent: it told nothing. */
  readonly ownHealth?: boolean | null;
  /** When the task that runs, or ran last, was first found healthy; absent where it never was. */
  readonly healthySince?: number;
  /** Of the task that runs, or is being stopped. */
  readonly handle?: Handle;
  /** Those that the task which runs, or ran last, was given by its node; absent: none. */
  readonly ports?: Ports;
  /** What was up of the services that it requires when its task was started; absent: nothing. */
  readonly startedWith?: StartedWith;
  /** The life of its group's that it was last started in; absent: it was in none, or is in its first. */
  readonly life?: number;
  /** What its node keeps for it, from before a task is started until none is to be; absent: nothing. */
  readonly reserved?: Resources;
  /** In `pending`: what its node has too little of. */
  readonly refusal?: string;
  /** Counts the starts; 0 before the first. With the instance it names one task. */
  readonly attempt: number;
  readonly exit?: TaskExit;
  /** Restarts by the policy, ever; those that a user asked for do not count. */
  readonly restarts: number;
  /** When it came into its state. */
  readonly since: number;
  /** When the task that runs, or ran last, was started. */
  readonly startedAt?: number;
  /** In `backing-off`: when the next start is due. */
  readonly retryAt?: number;
  readonly history: RestartHistory;
  /** The next start must wait for what the spec requires; a restart by the policy does not. */
  readonly held: boolean;
  /** Digest of what the last start ran: it tells whether a new spec needs a new task. */
  readonly task: string;
  /** The desired state that it has acted upon: spec, run state, restart. */
  readonly specStamp: Stamp;
  readonly runStamp: Stamp;
  readonly restartStamp: Stamp;
  /** Since when the task that runs is paused; absent: it is not. */
  readonly pausedAt?: number;
}

/** Before anything has happened. */
export function newStatus(nowMs: number): InstanceStatus {
  return {
    state: "pending",
    healthy: null,
    attempt: 0,
    restarts: 0,
    since: nowMs,
    history: noRestarts,
    held: true,
    task: "",
    specStamp: noStamp,
    runStamp: noStamp,
    restartStamp: noStamp,
  };
}

/** The life of its group's that an instance was last started in. */
export function lifeOf({ life = 0 }: InstanceStatus): number {
  return life;
}

/** Of a spec: its check, if it has one. */
interface Asked {
  readonly health?: unknown;
}

/** Whether it is found out if its task is healthy: its spec has a check, or the task tells it itself. */
export function isChecked(
  { ownHealth }: Pick<InstanceStatus, "ownHealth">,
  { health }: Asked,
): boolean {
  return health !== undefined || ownHealth !== undefined;
}

/** Whether it does what it is for; where no one checks, whether it runs. */
export function isReady(status: InstanceStatus, spec: Asked): boolean {
  return status.state === "running" && (!isChecked(status, spec) || status.healthy === true);
}
