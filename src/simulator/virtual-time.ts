/**
 * Runs a scheduler: fires its events one by one, and after each lets every promise that it settled
 * run to the end before time goes on. While it runs, the global `setImmediate`, which nact uses for
 * every turn of an actor, is an event like any other; nothing else of the process is touched.
 *
 * Node runs all promises to their end between two callbacks of `setImmediate`, so the events are fired
 * from a batch of them: one round of the event loop for many events.
 */
import type { ScheduledEvent, Scheduler } from "./scheduler.ts";

/** Time an actor's turn waits for its event loop, in virtual ms: short, and never zero. */
const turnMs = 0.01;

/** Events in one round of the real event loop. */
const batchEvents = 256;

/**
 * Runs until virtual time `untilMs`, or until `done` says so, looked at before each event.
 * Rejects with what an event throws, which none is to do.
 */
export async function runUntil(
  scheduler: Scheduler,
  untilMs: number,
  done: () => boolean = () => false,
): Promise<void> {
  const real = { set: globalThis.setImmediate, clear: globalThis.clearImmediate };
  Object.assign(globalThis, virtualImmediates(scheduler));
  try {
    let isOver = false;
    while (!isOver) isOver = await runBatch(scheduler, untilMs, done, real.set);
    if (!done()) scheduler.now = Math.max(scheduler.now, untilMs);
  } finally {
    Object.assign(globalThis, { setImmediate: real.set, clearImmediate: real.clear });
  }
}

/** Resolves to whether nothing more is to be run. */
function runBatch(
  scheduler: Scheduler,
  untilMs: number,
  done: () => boolean,
  setImmediate: (run: () => void) => unknown,
): Promise<boolean> {
  return new Promise((resolve, reject) => {
    let isOver = false;
    const step = () => {
      if (isOver) return;
      const event: ScheduledEvent | undefined = done() ? undefined : scheduler.next(untilMs);
      isOver = event === undefined;
      try {
        event?.fire();
      } catch (error) {
        isOver = true;
        reject(error);
      }
    };
    for (let i = 0; i < batchEvents; i++) setImmediate(step);
    setImmediate(() => resolve(isOver));
  });
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
