/**
 * When to dial whom. An address is dialed until someone wanted answers there, for ever: that is how
 * partitions heal and restarted nodes come back. Changed in place; owned by one membership state.
 */
export interface Redial {
  readonly dueAtMs: Map<string, number>;
}

/** A dial that was never answered for, one way or the other, is tried again after this. */
const unansweredMs = 10_000;

/**
 * The addresses to dial now, each at most once until `retryAt` or `unansweredMs` later. `wanted`:
 * every address to be connected with, and how long a new one may wait; others are forgotten.
 */
export function takeDue(
  redial: Redial,
  wanted: ReadonlyMap<string, number>,
  nowMs: number,
): readonly string[] {
  for (const address of redial.dueAtMs.keys()) {
    if (!wanted.has(address)) redial.dueAtMs.delete(address);
  }
  const due: string[] = [];
  for (const [address, delayMs] of wanted) {
    const dueAtMs = redial.dueAtMs.get(address) ?? nowMs + delayMs;
    const isDue = dueAtMs <= nowMs;
    if (isDue) due.push(address);
    redial.dueAtMs.set(address, isDue ? nowMs + unansweredMs : dueAtMs);
  }
  return due;
}

/** The dial of `address` failed: again at `atMs`. */
export function retryAt(redial: Redial, address: string, atMs: number): void {
  if (redial.dueAtMs.has(address)) redial.dueAtMs.set(address, atMs);
}
