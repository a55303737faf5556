/** What to do while an engine does not answer: ask again, less and less often. */
import { setTimeout } from "node:timers/promises";
import { EngineRefused } from "./engine.ts";

/** Between two attempts: doubling from the least to the most. */
const waitMsLeast = 50;
const waitMsMost = 5_000;

/**
 * Gives what `work` gives once it does. An engine that refuses is not asked again.
 * @throws what `work` last threw, where the engine refuses or `signal` is aborted
 */
export async function patiently<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (let waitMs = waitMsLeast; ; waitMs = Math.min(waitMs * 2, waitMsMost)) {
    try {
      return await work();
    } catch (error) {
      if (error instanceof EngineRefused || signal.aborted) throw error;
      await pause(waitMs, signal);
    }
  }
}

/**
 * Has `stream` go on for ever, as one after the other, until `signal` is aborted. One that ends or fails
 * at once is waited for longer and longer. Never rejects.
 */
export async function unceasingly(
  stream: () => Promise<void>,
  signal: AbortSignal,
  failed: (error: unknown) => void,
): Promise<void> {
  let waitMs = waitMsLeast;
  let isFailing = false;
  while (!signal.aborted) {
    const beganAt = performance.now();
    try {
      await stream();
      isFailing = false;
    } catch (error) {
      if (!signal.aborted && !isFailing) failed(error); // Told once, not with each attempt.
      isFailing = true;
    }
    const isLasting = performance.now() - beganAt > waitMsMost;
    waitMs = isLasting ? waitMsLeast : Math.min(waitMs * 2, waitMsMost);
    await pause(waitMs, signal);
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await setTimeout(ms, undefined, { ref: false, signal }).catch(() => {}); // Aborted: over at once.
}
