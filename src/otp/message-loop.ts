/**
 * Works off one actor's mailbox: a batch a turn, one message at a time and each to its end. Catches
 * whatever the actor's code throws. What is done by a synchronous handler costs no promise.
 */
import type { Clock, Timers } from "../core/env.ts";
import type { ErasedBehaviour } from "./blueprint.ts";
import { type Envelope, type Request, showEnvelope } from "./envelope.ts";
import { NoSuchMethod } from "./errors.ts";
import type { ExitReason } from "./exit-reason.ts";
import { type Cancel, type Handled, Refusal, replyLater } from "./gen-server.ts";
import { failCall, type Inbox } from "./inbox.ts";
import type { Life } from "./life.ts";
import type { Ties } from "./ties.ts";
import type { Tracer } from "./tracer.ts";
import type { Turn } from "./turns.ts";

/** Messages handled before others get their turn. More is faster for one actor, slower for the rest. */
const batchMessagesMax = 64;

/** The actor whose mailbox it is. */
export interface LoopHost {
  readonly behaviour: ErasedBehaviour;
  readonly inbox: Inbox;
  readonly life: Life;
  readonly ties: Ties;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly turn: Turn;
  /** Told what the actor's code threw; gives the reason that it makes. */
  report(error: unknown, during: string): ExitReason;
}

export class MessageLoop {
  state: unknown;
  tracer: Tracer | undefined;
  messagesHandled = 0;
  usedMs = 0;
  /** Until when, by the wall clock; `Infinity` where no time was said. Undefined: it is not. */
  private suspendedUntil: number | undefined;
  private cancelResume: Cancel | undefined;
  private readonly host: LoopHost;
  /** What is being handled. Nothing else is until it is done, whatever happens. */
  private current: Envelope | undefined;
  /** A turn has been asked for, or is on. */
  private awake = false;

  constructor(host: LoopHost) {
    this.host = host;
  }

  get busy(): boolean {
    return this.current !== undefined;
  }

  get isSuspended(): boolean {
    return this.suspendedUntil !== undefined;
  }

  /** When it goes on by itself, by the wall clock; undefined when it will not or need not. */
  get resumesAt(): number | undefined {
    return this.suspendedUntil === Number.POSITIVE_INFINITY ? undefined : this.suspendedUntil;
  }

  /** Again: the new limit counts. */
  suspend(forMs = Number.POSITIVE_INFINITY): void {
    const { clock, ties, timers } = this.host;
    this.cancelResume?.();
    this.suspendedUntil = clock.wall() + forMs;
    this.cancelResume =
      forMs === Number.POSITIVE_INFINITY
        ? undefined
        : ties.after(timers, forMs, () => this.resume());
  }

  /** Returns whether it was suspended. */
  resume(): boolean {
    const was = this.isSuspended;
    this.cancelResume?.();
    this.cancelResume = undefined;
    this.suspendedUntil = undefined;
    this.wake();
    return was;
  }

  /** Asks for a turn if there is something to do and none has been asked for. */
  wake(): void {
    if (!this.mayRun()) return;
    this.awake = true;
    this.host.turn.request();
  }

  /** Handles `envelope` now, in the turn of whoever calls. False, and nothing is done, where it has to wait for its own. */
  takeAtOnce(envelope: Envelope): boolean {
    const { clock, inbox, life } = this.host;
    if (this.awake || this.isSuspended || life.phase !== "running" || inbox.length > 0)
      return false;
    this.awake = true;
    const startedAt = clock.mono();
    const pending = this.handle(envelope, startedAt);
    this.usedMs += clock.mono() - startedAt;
    if (pending === undefined) this.rest();
    else void pending.then(() => this.drain(batchMessagesMax));
    return true;
  }

  /** One turn. A promise only when a handler gave one; it never rejects. */
  run(): Promise<void> | undefined {
    return this.drain(batchMessagesMax);
  }

  /** Fails the call that is being handled, since its handler is disowned. */
  abandon(reason: ExitReason): void {
    if (this.current?.kind === "call") failCall(this.current, reason);
  }

  private mayRun(): boolean {
    const { life, inbox } = this.host;
    return !this.awake && !this.isSuspended && life.phase === "running" && inbox.length > 0;
  }

  private drain(messagesMax: number): Promise<void> | undefined {
    const { clock, inbox, life } = this.host;
    const startedAt = clock.mono();
    let left = messagesMax;
    let pending: Promise<void> | undefined;
    while (left > 0 && pending === undefined && !this.isSuspended && life.phase === "running") {
      const envelope = inbox.next();
      if (envelope === undefined) break;
      left--;
      pending = this.handle(envelope, startedAt);
    }
    this.usedMs += clock.mono() - startedAt;
    if (pending !== undefined) return pending.then(() => this.drain(left));
    this.rest();
    return undefined;
  }

  /** Ends a turn. */
  private rest(): void {
    this.awake = false;
    this.wake();
  }

  /** `now`: when the batch began. */
  private handle(envelope: Envelope, now: number): Promise<void> | undefined {
    // Nobody waits for this call any more, and it has not begun: leave it.
    if (envelope.kind === "call" && envelope.settled) return undefined;
    // Taken back after it was queued.
    if (envelope.kind === "down" && !this.host.ties.dropMonitor(envelope.down.monitor)) {
      return undefined;
    }
    this.current = envelope;
    this.messagesHandled++;
    this.tracer?.record(envelope, now);
    try {
      switch (envelope.kind) {
        case "call":
        case "cast":
          return this.request(envelope);
        case "info":
          return this.info(envelope, envelope.message);
        case "down":
          return this.info(envelope, envelope.down);
      }
    } catch (error) {
      this.crash(envelope, error);
      return undefined;
    }
  }

  private request(envelope: Request): Promise<void> | undefined {
    const handler = this.host.behaviour.handlers[envelope.method];
    if (handler === undefined) {
      if (envelope.kind === "call")
        envelope.fail(new NoSuchMethod(envelope.target, envelope.method));
      this.done();
      return undefined;
    }
    const result = handler(this.state, envelope.request, envelope);
    if (result instanceof Promise) {
      return result
        .then((handled) => this.answer(envelope, handled))
        .catch((error: unknown) => this.crash(envelope, error));
    }
    this.answer(envelope, result);
    return undefined;
  }

  private info(envelope: Envelope, message: unknown): Promise<void> | undefined {
    const { behaviour } = this.host;
    const result = behaviour.info === undefined ? this.state : behaviour.info(this.state, message);
    if (result instanceof Promise) {
      return result
        .then((state: unknown) => this.next(state))
        .catch((error: unknown) => this.crash(envelope, error));
    }
    this.next(result);
    return undefined;
  }

  private answer(envelope: Request, handled: Handled<unknown, unknown>): void {
    const [state, reply] = handled;
    if (envelope.kind === "call") {
      if (reply === replyLater) this.host.inbox.defer(envelope);
      else if (reply instanceof Refusal) envelope.fail(reply.error);
      else envelope.reply(reply);
    }
    this.next(state);
  }

  private next(state: unknown): void {
    this.state = state;
    this.done();
  }

  private done(): void {
    this.current = undefined;
    this.host.life.codeEnded();
  }

  private crash(envelope: Envelope, error: unknown): void {
    this.current = undefined;
    const reason = this.host.report(error, showEnvelope(envelope));
    if (envelope.kind === "call") failCall(envelope, reason);
    this.host.life.crash(reason);
  }
}
