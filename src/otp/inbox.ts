/**
 * What an actor has been asked and has not answered: its bounded mailbox, and the calls that it has
 * begun. When the actor ends all of them fail at once, so that no caller waits out its deadline.
 */
import type { Call } from "./call.ts";
import type { Envelope } from "./envelope.ts";
import { ActorCrashed, ActorOverloaded, NoSuchActor } from "./errors.ts";
import { type ExitReason, isAbnormal } from "./exit-reason.ts";
import { Mailbox } from "./mailbox.ts";

export class Inbox {
  /** Messages refused since the mailbox was full. */
  refused = 0;
  private readonly mailbox = new Mailbox<Envelope>();
  private readonly messagesMax: number;
  /** Begun, and to be answered later. */
  private open: Set<Call> | undefined;

  constructor(messagesMax: number) {
    this.messagesMax = messagesMax;
  }

  get length(): number {
    return this.mailbox.length;
  }

  /** False when the mailbox is full: a call is then refused, a cast dropped. */
  offer(envelope: Envelope): boolean {
    if (this.mailbox.length >= this.messagesMax) {
      this.refused++;
      if (envelope.kind === "call") envelope.fail(new ActorOverloaded(envelope.target));
      return false;
    }
    this.mailbox.push(envelope);
    return true;
  }

  /**
   * Takes it in any case: what the actor sends itself, timers, `DOWN` and `EXIT`. They are bounded by
   * what the actor itself has set up, and must not get lost because others flood it.
   */
  put(envelope: Envelope): void {
    this.mailbox.push(envelope);
  }

  next(): Envelope | undefined {
    return this.mailbox.shift();
  }

  /** Keeps a call that will be answered later. */
  defer(call: Call): void {
    if (call.settled) return;
    this.open ??= new Set();
    this.open.add(call);
    call.heldBy(this.open);
  }

  /** Drops what is queued; its calls fail, each with why. */
  refuseQueued(reason: ExitReason): void {
    for (let envelope = this.next(); envelope !== undefined; envelope = this.next()) {
      if (envelope.kind === "call") failCall(envelope, reason);
    }
  }

  /** Fails the calls that were to be answered later. */
  refuseOpen(reason: ExitReason): void {
    for (const call of this.open ?? []) failCall(call, reason);
  }
}

/** Fails a call because its actor has ended for `reason`. */
export function failCall(call: Call, reason: ExitReason): void {
  call.fail(
    isAbnormal(reason) ? new ActorCrashed(call.target, reason) : new NoSuchActor(call.target),
  );
}
