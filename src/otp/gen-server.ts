/**
 * What a worker is written against, after OTP's `gen_server`: a state, a handler for each method of
 * its protocol, and what the actor can do with itself. One message is handled at a time, to its end.
 */
import type { Env } from "../core/env.ts";
import type { NodeId } from "../core/ids.ts";
import type { Log } from "../core/log.ts";
import type { ActorSystem } from "./actor-system.ts";
import type { ExitReason } from "./exit-reason.ts";
import type { Protocol } from "./protocol.ts";
import type { ActorRef, Target } from "./ref.ts";
import type { Down, ExitSignal, MonitorId } from "./signals.ts";

/** In place of a reply: it comes later, through the caller. */
export const replyLater: unique symbol = Symbol("replyLater");

/** In place of a reply: the call fails with `error`, and the actor lives on. */
export class Refusal {
  readonly error: unknown;

  constructor(error: unknown) {
    this.error = error;
  }
}

/** What a handler gives back: the next state, and the answer. */
export type Handled<State, Reply> =
  | readonly [State, Reply]
  | readonly [State, typeof replyLater]
  | readonly [State, Refusal];

/** An expected "no": the call rejects with `error`, which keeps its code across nodes. */
export function refuse<State>(state: State, error: unknown): readonly [State, Refusal] {
  return [state, new Refusal(error)];
}

/** Who waits for the answer. Only the first `reply` or `fail` counts. */
export interface Caller<Reply> {
  /** Where the call comes from. */
  readonly node: NodeId;
  reply(value: Reply): void;
  fail(error: unknown): void;
}

/** Takes something back. Idempotent. */
export type Cancel = () => void;

export type Handler<State, Request, Reply> = (
  state: State,
  request: Request,
  caller: Caller<Reply>,
) => Handled<State, Reply> | Promise<Handled<State, Reply>>;

/**
 * An actor's code. Whatever throws, other than in `init`, crashes the actor: every call queued or
 * running fails at once, and its supervisor decides.
 */
export interface Behaviour<State, P extends Protocol, Info = never> {
  /** Makes the first state. A throw is a failed start, told to whoever starts it. */
  init(self: Self<P, Info>): State | Promise<State>;
  readonly handlers: {
    readonly [M in keyof P]: Handler<State, P[M]["request"], P[M]["reply"]>;
  };
  /** Takes timers, `tell`, `DOWN`, and `EXIT` when exits are trapped. Without it they are dropped. */
  info?(state: State, message: Info | Down | ExitSignal): State | Promise<State>;
  /** Runs when it is stopped, stops itself or crashed; not when killed or ended by a link. */
  terminate?(state: State, reason: ExitReason): void | Promise<void>;
  /** What inspection may show of the state, as plain data; default: nothing. */
  describe?(state: State): unknown;
  /** Methods whose requests hold secrets: a trace shows that one came, and nothing of it. */
  readonly secret?: readonly (keyof P & string)[];
  /** The methods that other nodes may call; each parses its payload and throws what it refuses. */
  readonly remote?: { readonly [M in keyof P]?: (payload: unknown) => P[M]["request"] };
}

/** What an actor is given of itself. Once it has ended, nothing here has an effect any more. */
export interface Self<P = Protocol, Info = never> {
  readonly ref: ActorRef<P>;
  readonly path: string;
  readonly env: Env;
  /** Adds the actor's path to each line. */
  readonly log: Log;
  readonly system: ActorSystem;
  /** To its own `info`, after what is queued. Not bound by the mailbox's limit. */
  tell(message: Info): void;
  /** As `tell`, `ms` from now; cancelled when the actor ends. */
  sendAfter(ms: number, message: Info): Cancel;
  /** A `DOWN` will come, exactly once, unless taken back; at once if there is no such actor. */
  monitor(target: Target<unknown>): MonitorId;
  /** After this no `DOWN` of that monitor comes, not even one already queued. */
  demonitor(monitor: MonitorId): void;
  /** Ends with the other unless it exits normally, and the other way round. This node's actors alone. */
  link(ref: ActorRef<unknown>): void;
  unlink(ref: ActorRef<unknown>): void;
  /** From now on exit signals come as `EXIT` to `info`, all but `kill` and the parent's. */
  trapExits(): void;
  /** Ends after the current message; default reason `normal`. */
  stop(reason?: ExitReason): void;
}
