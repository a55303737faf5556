/**
 * How far a container's log has been copied, so that it can be asked for again from there: nothing is
 * copied twice, and nothing left out. An engine can be asked for what is younger than a time alone, and
 * many entries may have the same; so those of the last seconds are counted. Pure.
 */
import type { LogEntry } from "./log-frames.ts";

export interface LogPosition {
  /** Entries copied, ever. */
  readonly entries: number;
  /** Entries copied of each of the last few seconds in which there were any, in their order. */
  readonly recent: readonly Second[];
  /** The engine's clock was set back: its times tell nothing, so that all is counted from the beginning. */
  readonly isClockUnsure: boolean;
}

interface Second {
  readonly second: number;
  readonly entries: number;
}

/** Seconds by which entries may be out of order: several threads of the engine's write them. */
const recentSeconds = 5;

export const logBeginning: LogPosition = { entries: 0, recent: [], isClockUnsure: false };

/** Where it is once `entry` has been copied as well. */
export function after(position: LogPosition, { second }: LogEntry): LogPosition {
  const { entries, recent } = position;
  return {
    entries: entries + 1,
    recent: counted(recent, second),
    isClockUnsure: position.isClockUnsure || second < firstCounted(recent),
  };
}

/** What to ask for: entries from `second` on, of which the first `known` are copied already. */
export function toAsk(position: LogPosition): { readonly second: number; readonly known: number } {
  const { entries, recent, isClockUnsure } = position;
  if (isClockUnsure) return { second: 0, known: entries };
  const known = recent.reduce((sum, one) => sum + one.entries, 0);
  return { second: firstCounted(recent), known };
}

/** Every entry of this second or a later one that was copied is counted. */
function firstCounted(recent: readonly Second[]): number {
  const newest = recent.at(-1)?.second;
  return newest === undefined ? 0 : newest - recentSeconds + 1;
}

function counted(recent: readonly Second[], second: number): readonly Second[] {
  const last = recent.at(-1);
  if (last?.second === second) {
    return [...recent.slice(0, -1), { second, entries: last.entries + 1 }];
  }
  const entries = (recent.find((one) => one.second === second)?.entries ?? 0) + 1;
  const all = [...recent.filter((one) => one.second !== second), { second, entries }];
  all.sort((a, b) => a.second - b.second);
  return all.filter((one) => one.second >= firstCounted(all));
}
