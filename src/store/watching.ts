/**
 * Follows a range of keys over nodes that come and go. The cursor is what was seen: the stamp of each
 * key. It means the same on every node, so a watch that is cut off goes on at another one, which tells
 * what is newer there and nothing that was told before. What was replaced meanwhile by a later write
 * of the same key is not told: a register has one value, the last. Pure.
 */
import { compareStamps, parseStamp, type Stamp, stampText } from "./hlc.ts";
import { purgeAfterMs } from "./purging.ts";
import type { Register } from "./register.ts";

/** One change of a key, as a watch tells it. */
export interface Change {
  readonly key: string;
  /** Undefined: the key was removed. */
  readonly value?: unknown;
  readonly stamp: Stamp;
}

interface Seen {
  readonly stamp: Stamp;
  readonly isGone: boolean;
}

/** What a watch has told so far; changed in place. */
export type Cursor = Map<string, Seen>;

/** Keys of one watch; of more, the range is to be split. */
export const watchKeysMax = 100_000;

/** What of `registers`, as they are merged on a node, is to be told. */
export function follow(cursor: Cursor, registers: Iterable<Register>): readonly Change[] {
  const changes: Change[] = [];
  for (const { key, value, stamp } of registers) {
    const seen = cursor.get(key);
    if (seen !== undefined && compareStamps(stamp, seen.stamp) <= 0) continue;
    const isGone = value === undefined;
    cursor.set(key, { stamp, isGone });
    // The removal of what was never told is no change.
    if (!isGone || (seen !== undefined && !seen.isGone)) changes.push({ key, value, stamp });
  }
  return changes;
}

/**
 * What is to be told on a node that holds `held` of the range, beyond what it will merge. A key of
 * which it has no record at all was removed, and the removal purged since, if something as new was
 * purged where all of it is known. What was seen a moment ago cannot have been purged yet: it is on its
 * way here.
 * @param horizon the newest of what was purged; undefined: something may be missing here
 */
export function catchUp(
  cursor: Cursor,
  held: readonly Register[],
  horizon: Stamp | undefined,
  wallMs: number,
): readonly Change[] {
  const changes = [...follow(cursor, held)];
  if (horizon === undefined) return changes;
  const keys = new Set(held.map(({ key }) => key));
  for (const [key, { stamp, isGone }] of cursor) {
    if (keys.has(key) || wallMs - stamp.wall < purgeAfterMs) continue;
    if (compareStamps(stamp, horizon) > 0) continue;
    cursor.delete(key);
    if (!isGone) changes.push({ key, stamp });
  }
  return changes;
}

/** What whoever watches keeps of the last change of a key, and gives back to have the watch go on. */
export interface Told {
  readonly key: string;
  /** `stampText` of the change. */
  readonly stamp: string;
  /** The key was removed. */
  readonly removed: boolean;
}

/** The cursor of one who was told this of each key; undefined: it is none, or too large. */
export function cursorOf(told: readonly unknown[]): Cursor | undefined {
  if (told.length > watchKeysMax) return undefined;
  const cursor: Cursor = new Map();
  for (const one of told) {
    if (!isTold(one)) return undefined;
    const stamp = parseStamp(one.stamp);
    if (stamp === undefined) return undefined;
    cursor.set(one.key, { stamp, isGone: one.removed });
  }
  return cursor;
}

/** What is to be kept of a change. */
export function toldOf({ key, value, stamp }: Change): Told {
  return { key, stamp: stampText(stamp), removed: value === undefined };
}

function isTold(value: unknown): value is Told {
  if (typeof value !== "object" || value === null) return false;
  if (!("key" in value && "stamp" in value && "removed" in value)) return false;
  const { key, stamp, removed } = value;
  return typeof key === "string" && typeof stamp === "string" && typeof removed === "boolean";
}
