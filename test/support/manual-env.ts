/**
 * An `Env` that a test moves by hand: time stands still until `advance`, randomness is the same in
 * every run, and what is logged can be looked at. The event loop is real, since what runs on it
 * (actors, promises) is.
 */
import type { Env, Random, TimerHandle } from "../../src/core/env.ts";
import type { Log, LogFields, LogLevel } from "../../src/core/log.ts";

export interface LogLine {
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields;
}

interface Timer {
  readonly dueAt: number;
  readonly fire: () => void;
}

export class ManualEnv implements Env {
  readonly lines: LogLine[] = [];
  readonly log: Log = this.logWith({});
  readonly clock = { mono: () => this.now, wall: () => this.wallStart + this.now };
  readonly timers = {
    set: (ms: number, fire: () => void) => this.setTimer(ms, fire),
    cancel: (handle: TimerHandle) => {
      this.pending.delete(handle);
    },
  };
  private now = 0;
  private readonly wallStart = Date.UTC(2026, 0, 1);
  /** In the order in which they were set. */
  private readonly pending = new Map<TimerHandle, Timer>();
  private readonly streams = new Map<string, Random>();

  /** Timers set and neither fired nor cancelled. */
  get timerCount(): number {
    return this.pending.size;
  }

  /** The same numbers for the same stream in every run. */
  random(stream: string): Random {
    const known = this.streams.get(stream) ?? seededRandom(stream);
    this.streams.set(stream, known);
    return known;
  }

  /**
   * Moves time on by `ms`, firing what comes due on the way, in order of its time. After each timer
   * and at the end everything that can run without more time runs: see `settle`.
   */
  async advance(ms: number): Promise<void> {
    const until = this.now + ms;
    await settle();
    for (let due = this.nextDue(until); due !== undefined; due = this.nextDue(until)) {
      const [handle, timer] = due;
      this.pending.delete(handle);
      this.now = Math.max(this.now, timer.dueAt);
      timer.fire();
      await settle();
    }
    this.now = until;
  }

  private setTimer(ms: number, fire: () => void): TimerHandle {
    const handle: TimerHandle = { timer: Symbol("timer") };
    this.pending.set(handle, { dueAt: this.now + Math.max(0, ms), fire });
    return handle;
  }

  /** The earliest by `until`; of several at one time the one set first. */
  private nextDue(until: number): [TimerHandle, Timer] | undefined {
    let earliest: [TimerHandle, Timer] | undefined;
    for (const entry of this.pending) {
      if (entry[1].dueAt > until) continue;
      if (earliest === undefined || entry[1].dueAt < earliest[1].dueAt) earliest = entry;
    }
    return earliest;
  }

  private logWith(base: LogFields): Log {
    const at =
      (level: LogLevel) =>
      (message: string, fields: LogFields = {}) => {
        this.lines.push({ level, message, fields: { ...base, ...fields } });
      };
    return {
      debug: at("debug"),
      info: at("info"),
      warn: at("warn"),
      error: at("error"),
      child: (fields) => this.logWith({ ...base, ...fields }),
    };
  }
}

/** Rounds of the event loop that are enough for any chain of actors in a test to come to rest. */
const settleRounds = 50;

/** Lets everything run that waits for neither time nor the outside world. */
export async function settle(): Promise<void> {
  for (let round = 0; round < settleRounds; round++) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** mulberry32, seeded by the stream's name: short, and good enough for tests. */
function seededRandom(stream: string): Random {
  let seed = 2_166_136_261;
  for (const char of stream) seed = Math.imul(seed ^ (char.codePointAt(0) ?? 0), 16_777_619);
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
