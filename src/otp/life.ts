/**
 * How one life ends, as a small state machine of its own: leave (take no more), let the running code
 * finish, terminate, end. Or `kill`: cut off at once. An actor has ended only
 * when everything below it has, so that whoever starts it anew never runs anything twice.
 */
import type { TimerHandle, Timers } from "../core/env.ts";
import { type ExitReason, killed, normal } from "./exit-reason.ts";

/**
 * How long an actor that must end may take for its handler and its `terminate` before it is cut off.
 * A stop that its supervisor has ordered has the child's own `shutdown` instead.
 */
const lingerMs = 5_000;

export type Phase = "starting" | "running" | "stopping" | "ended";

/** What a life moves through its end. */
export interface Mortal {
  /** Code of its runs, or awaits something: it cannot be interrupted, only waited for or disowned. */
  readonly busy: boolean;
  /** Takes no more messages, and fails those queued. */
  close(reason: ExitReason): void;
  /** Runs the actor's `terminate`. May throw or reject. */
  terminate(reason: ExitReason): void | Promise<void>;
  /** Reports what `terminate` threw; gives the reason that it makes. */
  terminateFailed(error: unknown): ExitReason;
  /** Ends what is still below it, at once: nothing, once `terminate` has run as it should. */
  killChildren(): void;
  /** The last step, once. */
  bury(reason: ExitReason): void;
}

export interface Leave {
  /** Whether `terminate` runs; default yes. Not when an exit signal strikes, as in OTP. */
  readonly terminate?: boolean;
  /** Whether who ordered it sees to its end itself; default no: then `lingerMs` bounds it. */
  readonly watched?: boolean;
}

export class Life {
  phase: Phase = "starting";
  private readonly body: Mortal;
  private readonly timers: Timers;
  /** Supervisors do not linger: they wait for their children, each of which has a bound. */
  private readonly lingers: boolean;
  private reason = normal;
  private terminates = true;
  private watched = false;
  private linger: TimerHandle | undefined;

  constructor(body: Mortal, timers: Timers, lingers: boolean) {
    this.body = body;
    this.timers = timers;
    this.lingers = lingers;
  }

  /** Ends once what it does now is done. The first reason counts. */
  leave(reason: ExitReason, how: Leave = {}): void {
    if (this.over) return;
    this.reason = reason;
    this.terminates = how.terminate ?? true;
    this.watched = how.watched ?? false;
    this.phase = "stopping";
    this.body.close(reason);
    if (this.body.busy) this.startLinger();
    else this.depart();
  }

  /** Its code threw: nothing of it runs any more. */
  crash(reason: ExitReason): void {
    if (this.phase === "ended") return;
    this.reason = reason;
    if (this.phase !== "stopping") {
      this.phase = "stopping";
      this.body.close(reason);
    }
    this.depart();
  }

  /** What was running is done: goes on with a `leave` that waited for it. */
  codeEnded(): void {
    if (this.phase === "stopping") this.depart();
  }

  /** Ends now, with all that is below. What still runs is disowned: its results are discarded. */
  kill(): void {
    if (this.phase === "ended") return;
    this.reason = killed;
    this.phase = "stopping";
    this.body.close(killed);
    this.end();
  }

  /** Whether it has left, or begun to. */
  get over(): boolean {
    return this.phase === "stopping" || this.phase === "ended";
  }

  private depart(): void {
    if (!this.terminates) {
      this.end();
      return;
    }
    try {
      const pending = this.body.terminate(this.reason);
      if (pending instanceof Promise) {
        this.startLinger();
        pending.then(
          () => this.end(),
          (error: unknown) => this.endAfter(error),
        );
        return;
      }
    } catch (error) {
      this.reason = this.body.terminateFailed(error);
    }
    this.end();
  }

  private endAfter(error: unknown): void {
    this.reason = this.body.terminateFailed(error);
    this.end();
  }

  private startLinger(): void {
    if (this.linger !== undefined || this.watched || !this.lingers) return;
    this.linger = this.timers.set(lingerMs, () => this.kill());
  }

  private end(): void {
    if (this.phase === "ended") return;
    this.phase = "ended";
    this.body.killChildren();
    if (this.linger !== undefined) this.timers.cancel(this.linger);
    this.body.bury(this.reason);
  }
}
