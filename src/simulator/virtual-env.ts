/**
 * The `Env` of one life of a simulated node: virtual time, timers that die with their owner, a random
 * stream a name, and logs that become lines of the trace.
 */
import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import type { Env, Random } from "../core/env.ts";
import type { Log, LogFields, LogLevel } from "../core/log.ts";
import type { Owner, ScheduledEvent, Scheduler } from "./scheduler.ts";
import type { Trace } from "./trace.ts";
import type { VirtualClock } from "./virtual-clock.ts";

/** A random source that depends on `seed` and `stream` alone. */
export function seededRandom(seed: number, stream: string): Random {
  const generator = xoroshiro128plus(hashOf(`${seed}/${stream}`));
  return () => uniformFloat64(generator);
}

export interface VirtualEnvOptions {
  readonly scheduler: Scheduler;
  readonly owner: Owner;
  readonly clock: VirtualClock;
  readonly seed: number;
  readonly trace: Trace;
}

export function virtualEnv({ scheduler, owner, clock, seed, trace }: VirtualEnvOptions): Env {
  // One of each name for all of a life: an actor that is started again must not draw the same again.
  const streams = new Map<string, Random>();
  return {
    clock,
    timers: {
      set: (ms, fire) => ({
        timer: scheduler.after(clock.virtualMs(ms), fire, owner, "timer"),
      }),
      cancel: ({ timer }) => {
        (timer as ScheduledEvent).cancelled = true;
      },
    },
    random(name) {
      const stream = streams.get(name) ?? seededRandom(seed, `${owner.name}/${name}`);
      streams.set(name, stream);
      return stream;
    },
    log: traceLog(scheduler, owner, trace, {}),
  };
}

function traceLog(scheduler: Scheduler, owner: Owner, trace: Trace, fields: LogFields): Log {
  const line = (level: LogLevel) => (message: string, more?: LogFields) => {
    trace.add(scheduler.now, owner.name, `${level} ${message} ${plain({ ...fields, ...more })}`);
  };
  return {
    debug: line("debug"),
    info: line("info"),
    warn: line("warn"),
    error: line("error"),
    child: (more) => traceLog(scheduler, owner, trace, { ...fields, ...more }),
  };
}

function plain(fields: LogFields): string {
  return JSON.stringify(fields, (_key, value: unknown) =>
    value instanceof Error ? `${value.name}: ${value.message}` : value,
  );
}

/** FNV-1a, 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
