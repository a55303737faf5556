/**
 * Waits for something to become true. Tests wait for events, never for time to pass; where the
 * event is in another process, this looks often, and gives up late and by name.
 */
const usualDeadlineMs = 60_000;
const lookEveryMs = 5;

/**
 * The first result of `condition` that is neither undefined nor false.
 * @param deadlineMs longer for what takes long by itself
 * @throws Error naming `what` when that took over a minute, which only a machine far busier than usual needs;
 * what `condition` throws goes through.
 */
export async function eventually<T>(
  condition: () => T | undefined | false | Promise<T | undefined | false>,
  what: string,
  deadlineMs = usualDeadlineMs,
): Promise<T> {
  const giveUpAt = performance.now() + deadlineMs;
  for (;;) {
    const result = await condition();
    if (result !== undefined && result !== false) return result;
    if (performance.now() > giveUpAt) throw new Error(`Waited ${deadlineMs} ms in vain: ${what}`);
    await new Promise((again) => setTimeout(again, lookEveryMs));
  }
}
