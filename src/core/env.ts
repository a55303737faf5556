/**
 * The outside world as a node sees it: clock, timers, randomness, log. With the transport, storage
 * and provider interfaces it is the one seam between Mob and reality: `src/node` puts the real one
 * together, `src/simulator` a virtual one, and the same code runs in both (docs/design/0002).
 */
import type { Log } from "./log.ts";

export interface Clock {
  /** Monotonic time in ms, with a fraction; its zero means nothing. For durations and deadlines. */
  mono(): number;
  /** Wall clock in ms since 1970. May jump. For what people read and what moves between nodes. */
  wall(): number;
}

/** Opaque; valid until it fired or was cancelled. */
export interface TimerHandle {
  readonly timer: unknown;
}

export interface Timers {
  /** Runs `fire` once, `ms` from now. Does not keep the process alive. */
  set(ms: number, fire: () => void): TimerHandle;
  /** Idempotent. */
  cancel(handle: TimerHandle): void;
}

/** The next number in [0, 1). */
export type Random = () => number;

export interface Env {
  readonly clock: Clock;
  readonly timers: Timers;
  /** A source of its own for each stream name, so that one user's draws never shift another's. */
  random(stream: string): Random;
  readonly log: Log;
}
