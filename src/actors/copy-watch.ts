/**
 * For how long slots that run more than once have been as they are, as this node has seen it: no one tells, and the
 * clocks of others mean nothing here. A controller that comes in between counts anew, which costs time alone.
 */
import { askMs, type Copy, confirmMs } from "../services/copies.ts";
import type { PlacementRecord } from "../services/records.ts";

interface Seen {
  readonly what: string;
  readonly sinceMs: number;
  readonly lookedAtMs: number;
}

/** What was not looked at for so long is settled, or someone else's. */
const keptMs = 60_000;

export class CopyWatch {
  readonly #bySlot = new Map<string, Seen>();

  /**
   * For how long the copies have been known, or, once one was adopted, it has been asked whether it runs; ms.
   * @param nowMs of a monotonic clock
   */
  forMs(
    { service, slot, epoch, passedOver }: PlacementRecord,
    copies: readonly Copy[],
    nowMs: number,
  ): number {
    const key = `${service} ${slot}`;
    const ids = copies.map(({ instance }) => instance).sort();
    const what = passedOver === undefined ? ids.join(" ") : `asked under ${epoch.counter}`;
    const seen = this.#bySlot.get(key);
    const sinceMs = seen?.what === what ? seen.sinceMs : nowMs;
    this.#bySlot.set(key, { what, sinceMs, lookedAtMs: nowMs });
    return nowMs - sinceMs;
  }

  /** Forgets what is no longer looked at. */
  prune(nowMs: number): void {
    for (const [key, { lookedAtMs }] of this.#bySlot) {
      if (lookedAtMs < nowMs - keptMs) this.#bySlot.delete(key);
    }
  }
}

/** In how many ms to look again at a slot that has been as it is `forMs`. */
export function copiesLookInMs({ passedOver }: PlacementRecord, forMs: number): number {
  return Math.max(1, (passedOver === undefined ? askMs : confirmMs) - forMs);
}
