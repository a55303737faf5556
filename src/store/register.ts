/**
 * A register: one key, the newest value whole. Replicas that saw the same writes agree whatever the
 * order of arrival. Each write names what it replaced of other origins, so that of two writes it is
 * known whether the newer one's author had seen the older: if not, they were in conflict.
 */
import { compareStamps, type Stamp } from "./hlc.ts";

export interface Register {
  readonly key: string;
  /** Plain data; undefined is a tombstone: the key was removed. */
  readonly value?: unknown;
  readonly stamp: Stamp;
  /** The newest write of each other origin that this one replaced; at most `seenMax`, newest first. */
  readonly seen: readonly Stamp[];
}

/** Writers of one key whose writes are told apart; of more, a conflict with the oldest may go untold. */
export const seenMax = 8;

/** The newer of two writes of one key. Commutative, associative, idempotent. */
export function newerOf(a: Register, b: Register): Register {
  return compareStamps(a.stamp, b.stamp) >= 0 ? a : b;
}

/** Whether the author of `newer` wrote without having seen `older`, of the same key. */
export function isConflict(newer: Register, older: Register): boolean {
  const { origin } = older.stamp;
  if (origin === newer.stamp.origin) return false;
  const seen = newer.seen.find((stamp) => stamp.origin === origin);
  if (seen !== undefined) return compareStamps(seen, older.stamp) < 0;
  return newer.seen.length < seenMax;
}

/** What a write by `stamp` has seen, given the register it replaces. */
export function seenBy(stamp: Stamp, replaced: Register | undefined): readonly Stamp[] {
  if (replaced === undefined) return [];
  const others = (known: Stamp) =>
    known.origin !== stamp.origin && known.origin !== replaced.stamp.origin;
  const before = replaced.seen.filter(others);
  const own = replaced.stamp.origin === stamp.origin ? [] : [replaced.stamp];
  return [...own, ...before].slice(0, seenMax);
}
