/**
 * Runs a scheduler: fires its events one by one, and after each lets every promise that it settled
 * run to the end before time goes on. While it runs, the global `setImmediate`, which nact uses for
 * every turn of an actor, is an event like any other; nothing else of the process is touched.
 */
import type { Scheduler } from "./scheduler.ts";

/** Time an actor's turn waits for its event loop, in virtual ms: short, and never zero. */
const turnMs = 0.01;

/** Runs until virtual time `untilMs`, or until `done` says so, looked at after each event. */
export async function runUntil(
  scheduler: Scheduler,
  untilMs: number,
  done: () => boolean = () => false,
): Promise<void> {
  const real = { set: globalThis.setImmediate, clear: globalThis.clearImmediate };
  const settled = () => new Promise<void>((resolve) => real.set(resolve));
  Object.assign(globalThis, virtualImmediates(scheduler));
  try {
    await settled();
    while (!done()) {
      const event = scheduler.next(untilMs);
      if (event === undefined) break;
      event.fire();
      await settled();
    }
    if (!done()) scheduler.now = Math.max(scheduler.now, untilMs);
  } finally {
    Object.assign(globalThis, { setImmediate: real.set, clearImmediate: real.clear });
  }
}

function virtualImmediates(scheduler: Scheduler) {
  return {
    setImmediate: (run: (...args: unknown[]) => void, ...args: unknown[]) =>
      scheduler.after(turnMs, () => run(...args)),
    clearImmediate: (event: { cancelled: boolean } | undefined) => {
      if (event !== undefined) event.cancelled = true;
    },
  };
}
