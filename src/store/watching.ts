/**
 * Follows a range of keys over nodes that come and go. The cursor is what was seen: the stamp of each
 * key. It means the same on every node, so a watch that is cut off goes on at another one, which tells
 * what is newer there and nothing that was told before. What was replaced meanwhile by a later write
 * of the same key is not told: a register has one value, the last. Pure.
 */
import type { NodeId } from "../core/ids.ts";
import { compareStamps, type Stamp } from "./hlc.ts";
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
 * which it has no record at all was removed, and the removal purged since, if `isComplete`: the node
 * is in touch with all there are and has what they have. What was seen a moment ago cannot have been
 * purged yet: it is on its way here.
 */
export function catchUp(
  cursor: Cursor,
  held: readonly Register[],
  isComplete: boolean,
  wallMs: number,
): readonly Change[] {
  const changes = [...follow(cursor, held)];
  if (!isComplete) return changes;
  const keys = new Set(held.map(({ key }) => key));
  for (const [key, { stamp, isGone }] of cursor) {
    if (keys.has(key) || wallMs - stamp.wall < purgeAfterMs) continue;
    cursor.delete(key);
    if (!isGone) changes.push({ key, stamp });
  }
  return changes;
}

/** A cursor as text, to be kept by whoever watches. */
export function encodeCursor(cursor: Cursor): string {
  const seen = [...cursor].map(([key, { stamp, isGone }]) => {
    const { wall, counter, origin } = stamp;
    return [key, wall, counter, origin, isGone ? 1 : 0];
  });
  return JSON.stringify(seen);
}

/** Undefined: it is none. */
export function decodeCursor(text: string): Cursor | undefined {
  const rows = parse(text);
  if (!Array.isArray(rows) || rows.length > watchKeysMax) return undefined;
  const cursor: Cursor = new Map();
  for (const row of rows) {
    if (!isRow(row)) return undefined;
    const [key, wall, counter, origin, gone] = row;
    cursor.set(key, { stamp: { wall, counter, origin }, isGone: gone === 1 });
  }
  return cursor;
}

type Row = [key: string, wall: number, counter: number, origin: NodeId, gone: 0 | 1];

function isRow(row: unknown): row is Row {
  if (!Array.isArray(row) || row.length !== 5) return false;
  const [key, wall, counter, origin, gone] = row;
  const isStamp = Number.isSafeInteger(wall) && Number.isSafeInteger(counter);
  return (
    isStamp && typeof key === "string" && typeof origin === "string" && (gone === 0 || gone === 1)
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
