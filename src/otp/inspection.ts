/**
 * What can be seen of any actor while it runs, after Erlang's `sys` and `observer`: the tree, the
 * status, the state it chooses to show, and a bounded trace of its messages.
 */
import type { NodeId } from "../core/ids.ts";
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
  /** While it is suspended for a time: when it goes on by itself. Wall clock, ms since 1970. */
  readonly resumesAt?: number;
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

/** One message, as it is about to be handled; or the begin or the end of a life. */
export interface TraceEvent {
  /** Wall clock, ms since 1970. */
  readonly at: number;
  readonly path: string;
  readonly kind: "call" | "cast" | "info" | "started" | "ended";
  /** Of a call or a cast. */
  readonly method?: string;
  /** The node that a call or a cast came from. */
  readonly from?: NodeId;
  /** The request or the info itself, not copied; of an end its reason. */
  readonly message: unknown;
  /** Messages left out just before this one, by the rate limit. */
  readonly skipped: number;
}

/** Why a trace is over: its bound was reached, another took its place, its sink threw. */
export type TraceEnd = "done" | "replaced" | "failed";

export interface TraceOptions {
  /** The trace ends by itself after this many; default 1,000. */
  readonly messagesMax?: number;
  /** More in one second are left out and counted; default 100. */
  readonly perSecondMax?: number;
  /** A sink that throws ends the trace. */
  readonly sink: (event: TraceEvent) => void;
  /** Told once when the trace ends other than by whoever started it. Must not throw. */
  readonly onEnd?: (why: TraceEnd) => void;
}

/** Every function throws `NoSuchActor` when its target is not running. A string is a name or a path. */
export interface Inspector {
  /** The roots, each with all that is below. */
  tree(): readonly ActorTree[];
  status(target: Target<unknown>): ActorStatus;
  /** What the actor's `describe` shows; undefined when it has none. */
  state(target: Target<unknown>): unknown;
  /**
   * Messages queue, up to the mailbox's bound, until `resume`, or until `forMs` have passed (default:
   * no end). Once more: the new limit counts. Stopping and killing still work.
   */
  suspend(target: Target<unknown>, forMs?: number): void;
  /** Returns whether it was suspended. */
  resume(target: Target<unknown>): boolean;
  /**
   * Follows the actor's place in the tree: goes on with its next life when it is started again. One
   * trace a place: a second one replaces the first. Returns what ends it.
   */
  trace(target: Target<unknown>, options: TraceOptions): () => void;
  /**
   * Has its supervisor stop it and start it anew, with all that is below: see `renewChild`. By its
   * path also a child that does not run. Resolves with its new life.
   * @throws Conflict for a root, which has no supervisor, and while its supervisor is suspended;
   * what its `init` throws.
   */
  restart(target: Target<unknown>): Promise<ActorRef>;
  /** Paths of what `restart` takes down and up, the target among them, in start order. @throws as it. */
  tiedTo(target: Target<unknown>): readonly string[];
}
