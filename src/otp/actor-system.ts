/**
 * The actors of one node, as everyone sees them: start, call, cast, monitor, stop, inspect. Calls and
 * monitors work on an actor of another node as on one of this.
 */
import type { NodeId } from "../core/ids.ts";
import type { ActorDefinition, Shutdown } from "./definition.ts";
import type { ExitReason } from "./exit-reason.ts";
import type { Inspector } from "./inspection.ts";
import type { Protocol } from "./protocol.ts";
import type { ActorRef, Target } from "./ref.ts";
import type { RemoteFrame } from "./remote.ts";
import type { Down } from "./signals.ts";

export interface CallOptions {
  /** Default `callTimeoutMsDefault`; `Infinity` for none. Kept to within 20 ms. */
  readonly timeoutMs?: number;
  /** As `deliver`: an idle actor of this node has taken it on return. Default false: it takes it in a turn of its own. */
  readonly atOnce?: boolean;
}

export interface StartOptions {
  /** First part of the path; default: the definition's name, else `root-N`. */
  readonly id?: string;
  /** How `shutdown` stops it; default as for a child. */
  readonly shutdown?: Shutdown;
}

export interface ActorSystem {
  readonly node: NodeId;
  readonly boot: number;
  readonly inspect: Inspector;
  /**
   * Starts a root actor; resolves once its `init` has run.
   * @throws what `init` throws; NameTaken; NoSuchActor once the system shuts down.
   */
  start<P>(definition: ActorDefinition<P>, options?: StartOptions): Promise<ActorRef<P>>;
  /**
   * Asks, and waits for the answer.
   * @throws NoSuchActor, ActorOverloaded, ActorCrashed, CallTimeout, NoSuchMethod; for another node
   * also Unreachable (nothing was sent) and OutcomeUnknown; and whatever the actor refuses with.
   */
  call<P extends Protocol, M extends keyof P & string>(
    target: Target<P>,
    method: M,
    request: P[M]["request"],
    options?: CallOptions,
  ): Promise<P[M]["reply"]>;
  /** Asks, and wants no answer: the reply is dropped, and so is the message when no one is there. */
  cast<P extends Protocol, M extends keyof P & string>(
    target: Target<P>,
    method: M,
    request: P[M]["request"],
  ): void;
  /** Gives `message` to the `info` of an actor of this node. @throws BadRequest for another node's. */
  tell(target: Target<unknown>, message: unknown): void;
  /**
   * As `tell`, where an idle actor has handled it on return, or is waited for: for what a socket or a disk
   * calls back with, whose turn is as good as one of the actor's own.
   */
  deliver(target: Target<unknown>, message: unknown): void;
  /**
   * For code that is no actor: calls `onDown` exactly once, when the target has ended, or at once
   * with `noproc`. Returns what takes the monitor back.
   */
  monitor(target: Target<unknown>, onDown: (down: Down) => void): () => void;
  whereis(name: string): ActorRef | undefined;
  /** Sends an exit signal, as `exit/2`; `kill` cannot be trapped. An actor of this node alone. */
  exit(target: Target<unknown>, reason: ExitReason | "kill"): void;
  /**
   * Stops an actor of this node in an orderly way: the current message, `terminate`, then the end.
   * Killed after `timeoutMs` (default 5,000 for a worker, none for a supervisor). Resolves when it
   * has ended, also when it never was. Its supervisor sees the reason and decides. An actor stops
   * itself by `self.stop`: here it would wait for itself.
   */
  stop(target: Target<unknown>, reason?: ExitReason, timeoutMs?: number): Promise<void>;
  /** Stops the roots, the last started first; resolves when every actor has ended. */
  shutdown(): Promise<void>;
  /** Takes in what a `Remote` delivers. Never throws, whatever the frame's payload. */
  receive(from: NodeId, frame: RemoteFrame): void;
  /** Whether a call or a monitor, of this node or that one, would be lost with the connection between them. */
  isTiedTo(node: NodeId): boolean;
  /** The node died or is given up: fails the calls to it, fires the monitors on it, drops its own. */
  nodeDown(node: NodeId, reason: string): void;
  /** What was sent to the node waited for a connection, and none came about: the same, but that it never arrived. */
  nodeUnreached(node: NodeId, reason: string): void;
}
