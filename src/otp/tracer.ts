/**
 * Shows an actor's messages to a sink as they are handled, within a bound and a rate: a busy actor
 * must not drown whoever looks at it, nor be slowed down by them. What is over the rate costs a
 * comparison and a count: no clock is read but the one that the actor's loop reads once a batch.
 */
import type { Clock } from "../core/env.ts";
import type { Envelope } from "./envelope.ts";
import type { ExitReason } from "./exit-reason.ts";
import type { TraceEnd, TraceEvent, TraceOptions } from "./inspection.ts";

const messagesMaxDefault = 1_000;
const perSecondMaxDefault = 100;

type Shown = Omit<TraceEvent, "at" | "path" | "skipped">;

export class Tracer {
  readonly path: string;
  /** No more is to be shown to it. */
  isOver = false;
  private readonly clock: Clock;
  private readonly options: TraceOptions;
  private readonly secret: readonly string[];
  private readonly perSecondMax: number;
  private left: number;
  private skipped = 0;
  private secondEndsAt = Number.NEGATIVE_INFINITY;
  private leftThisSecond = 0;

  /** `secret`: methods of which nothing but the name is shown. */
  constructor(path: string, clock: Clock, options: TraceOptions, secret: readonly string[] = []) {
    this.path = path;
    this.secret = secret;
    this.clock = clock;
    this.options = options;
    this.left = options.messagesMax ?? messagesMaxDefault;
    this.perSecondMax = options.perSecondMax ?? perSecondMaxDefault;
  }

  /** Shows `envelope`, or counts it as skipped. `now`: when its batch began, by the monotonic clock. */
  record(envelope: Envelope, now: number): void {
    if (this.leftThisSecond <= 0 && now < this.secondEndsAt) {
      this.skipped++;
      return;
    }
    if (now >= this.secondEndsAt) {
      this.secondEndsAt = now + 1_000;
      this.leftThisSecond = this.perSecondMax;
    }
    this.leftThisSecond--;
    this.show(this.contentOf(envelope));
  }

  /** A life of the actor has begun: its `init` is done. Not bound by the rate, as restarts are rare. */
  started(): void {
    this.show({ kind: "started", message: undefined });
  }

  /** A life of the actor is over. */
  ended(reason: ExitReason): void {
    this.show({ kind: "ended", message: reason });
  }

  /** Takes it back, or tells why it is over. */
  end(why: TraceEnd): void {
    if (this.isOver) return;
    this.isOver = true;
    this.options.onEnd?.(why);
  }

  private contentOf(envelope: Envelope): Shown {
    switch (envelope.kind) {
      case "call":
      case "cast": {
        const { kind, method, node: from, request } = envelope;
        const message = this.secret.includes(method) ? "(secret)" : request;
        return { kind, method, from, message };
      }
      case "info":
        return { kind: "info", message: envelope.message };
      case "down":
        return { kind: "info", message: envelope.down };
    }
  }

  private show(shown: Shown): void {
    if (this.isOver) return;
    this.left--;
    const { skipped, path } = this;
    this.skipped = 0;
    try {
      this.options.sink({ at: this.clock.wall(), path, ...shown, skipped });
    } catch {
      this.end("failed"); // A sink that throws is no reason to crash the actor that is looked at.
    }
    if (this.left <= 0) this.end("done");
  }
}
