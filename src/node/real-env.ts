/** The real clock, timers and randomness: what the simulator replaces with virtual ones. */
import { randomBytes } from "node:crypto";
import type { Env, Random } from "../core/env.ts";
import type { Log } from "../core/log.ts";

/** The world of a real node. Randomness comes from the system's own source, whatever the stream. */
export function realEnv(log: Log): Env {
  return {
    clock: { mono: () => performance.now(), wall: () => Date.now() },
    timers: {
      set: (ms, fire) => ({ timer: setTimeout(fire, ms).unref() }),
      cancel: ({ timer }) => clearTimeout(timer as NodeJS.Timeout),
    },
    random: () => systemRandom,
    log,
  };
}

const systemRandom: Random = () => randomBytes(6).readUIntBE(0, 6) / 2 ** 48;
