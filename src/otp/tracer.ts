/**
 * Shows an actor's messages to a sink as they are handled, within a bound and a rate: a busy actor
 * must not drown whoever looks at it, nor be slowed down by them.
 */
import type { Clock } from "../core/env.ts";
import type { Envelope } from "./envelope.ts";
import type { TraceEvent, TraceOptions } from "./inspection.ts";

const messagesMaxDefault = 1_000;
const perSecondMaxDefault = 100;

export class Tracer {
  private readonly path: string;
  private readonly clock: Clock;
  private readonly options: TraceOptions;
  private left: number;
  private skipped = 0;
  private secondEndsAt = Number.NEGATIVE_INFINITY;
  private leftThisSecond = 0;

  constructor(path: string, clock: Clock, options: TraceOptions) {
    this.path = path;
    this.clock = clock;
    this.options = options;
    this.left = options.messagesMax ?? messagesMaxDefault;
  }

  /** Shows `envelope`, or counts it as skipped. False when the trace is over. */
  record(envelope: Envelope): boolean {
    const now = this.clock.mono();
    if (now >= this.secondEndsAt) {
      this.secondEndsAt = now + 1_000;
      this.leftThisSecond = this.options.perSecondMax ?? perSecondMaxDefault;
    }
    if (this.leftThisSecond <= 0) {
      this.skipped++;
      return true;
    }
    this.leftThisSecond--;
    this.left--;
    try {
      this.options.sink({
        at: this.clock.wall(),
        path: this.path,
        ...contentOf(envelope),
        skipped: this.skipped,
      });
    } catch {
      return false; // A sink that throws is no reason to crash the actor that is looked at.
    }
    this.skipped = 0;
    return this.left > 0;
  }
}

function contentOf(envelope: Envelope): Pick<TraceEvent, "kind" | "method" | "message"> {
  switch (envelope.kind) {
    case "call":
    case "cast":
      return { kind: envelope.kind, method: envelope.method, message: envelope.request };
    case "info":
      return { kind: "info", message: envelope.message };
    case "down":
      return { kind: "info", message: envelope.down };
  }
}
