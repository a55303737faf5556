/**
 * What can be seen of any actor while it runs, after Erlang's `sys` and `observer`: the tree, the
 * status, the state it chooses to show, and a bounded trace of its messages.
 */
import type { Restart, Shutdown } from "./definition.ts";
import type { ExitReason } from "./exit-reason.ts";
import type { ActorRef, Target } from "./ref.ts";

/**
 * `starting`: in `init`. `suspended`: queues its messages. `stopping`: takes none any more.
 * `restarting` and `stopped` are children that their supervisor knows and that do not run.
 */
export type ActorState =
  | "starting"
  | "running"
  | "suspended"
  | "stopping"
  | "restarting"
  | "stopped";

export interface LastCrash {
  readonly reason: ExitReason;
  /** Wall clock, ms since 1970. */
  readonly at: number;
  /** What it was doing: a method's name, `init`, `info` or `terminate`. */
  readonly during: string;
}

/** As its supervisor was told to run it. */
export interface ChildSummary {
  readonly id: string;
  readonly kind: "worker" | "supervisor";
  readonly restart: Restart;
  readonly shutdown: Shutdown;
}

export interface ActorStatus {
  readonly path: string;
  readonly kind: "worker" | "supervisor";
  readonly state: ActorState;
  /** Absent while it does not run. */
  readonly ref?: ActorRef;
  readonly name?: string;
  /** Absent for a root. */
  readonly child?: ChildSummary;
  /** Messages waiting. */
  readonly mailboxLength: number;
  /** Messages refused since its mailbox was full. */
  readonly refused: number;
  readonly messagesHandled: number;
  /** Time in its handlers, ms; what an asynchronous one waits for is not counted. */
  readonly usedMs: number;
  /** Times its supervisor started it again. */
  readonly restarts: number;
  readonly lastCrash?: LastCrash;
}

export interface ActorTree extends ActorStatus {
  /** In the order in which they were started. */
  readonly children: readonly ActorTree[];
}

/** One message, as it is about to be handled. */
export interface TraceEvent {
  /** Wall clock, ms since 1970. */
  readonly at: number;
  readonly path: string;
  readonly kind: "call" | "cast" | "info";
  /** Absent for an info. */
  readonly method?: string;
  /** The request or the info itself, not copied. */
  readonly message: unknown;
  /** Messages left out just before this one, by the rate limit. */
  readonly skipped: number;
}

export interface TraceOptions {
  /** The trace ends by itself after this many; default 1,000. */
  readonly messagesMax?: number;
  /** More in one second are left out and counted; default 100. */
  readonly perSecondMax?: number;
  /** A sink that throws ends the trace. */
  readonly sink: (event: TraceEvent) => void;
}

/** Every function throws `NoSuchActor` when its target is not running. A string is a name or a path. */
export interface Inspector {
  /** The roots, each with all that is below. */
  tree(): readonly ActorTree[];
  status(target: Target<unknown>): ActorStatus;
  /** What the actor's `describe` shows; undefined when it has none. */
  state(target: Target<unknown>): unknown;
  /** Messages queue, up to the mailbox's bound, until `resume`. Stopping and killing still work. */
  suspend(target: Target<unknown>): void;
  resume(target: Target<unknown>): void;
  /** One trace an actor: a second one replaces the first. Returns what ends it. */
  trace(target: Target<unknown>, options: TraceOptions): () => void;
}
