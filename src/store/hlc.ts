/**
 * A hybrid logical clock: the wall clock where it moves on, a counter where it stands still or lags
 * behind what was already seen. Stamps are totally ordered and a write is always above all that its
 * node has read, so a slow clock loses nothing. After Kulkarni et al., "Logical Physical Clocks" (2014).
 */
import { asNodeId, type NodeId } from "../core/ids.ts";

/** When and where something was written; no two writes have the same one. */
export interface Stamp {
  /** Milliseconds since 1970, of the fastest clock seen. */
  readonly wall: number;
  readonly counter: number;
  readonly origin: NodeId;
}

/** A stamp as one word: `wall.counter.origin`. */
export function stampText({ wall, counter, origin }: Stamp): string {
  return `${wall}.${counter}.${origin}`;
}

/** The stamp of which this is the text; undefined: of none. */
export function parseStamp(text: string): Stamp | undefined {
  const [, wall, counter, origin] = /^(\d{1,16})\.(\d{1,16})\.([0-9a-f]{1,64})$/.exec(text) ?? [];
  if (wall === undefined || counter === undefined || origin === undefined) return undefined;
  const stamp = { wall: Number(wall), counter: Number(counter), origin: asNodeId(origin) };
  const isSafe = Number.isSafeInteger(stamp.wall) && Number.isSafeInteger(stamp.counter);
  return isSafe ? stamp : undefined;
}

/** The greatest time given or seen so far. */
export interface HybridClock {
  readonly wall: number;
  readonly counter: number;
}

export const clockZero: HybridClock = { wall: 0, counter: 0 };

/** A clock further ahead than this is wrong: what it stamped is refused. */
export const clockAheadMsMax = 60_000;

/** Negative when `a` is older, positive when newer, 0 for one and the same write. */
export function compareStamps(a: Stamp, b: Stamp): number {
  if (a.wall !== b.wall) return a.wall - b.wall;
  if (a.counter !== b.counter) return a.counter - b.counter;
  if (a.origin === b.origin) return 0;
  return a.origin < b.origin ? -1 : 1;
}

export function newerStamp(a: Stamp, b: Stamp): Stamp {
  return compareStamps(a, b) < 0 ? b : a;
}

/** The clock for the next own write: above all before it. */
export function nextTime(clock: HybridClock, wallMs: number): HybridClock {
  const wall = Math.floor(wallMs);
  return wall > clock.wall
    ? { wall, counter: 0 }
    : { wall: clock.wall, counter: clock.counter + 1 };
}

/** The clock after seeing `stamp`. */
export function seenTime(clock: HybridClock, stamp: HybridClock): HybridClock {
  const isAbove =
    stamp.wall > clock.wall || (stamp.wall === clock.wall && stamp.counter > clock.counter);
  return isAbove ? { wall: stamp.wall, counter: stamp.counter } : clock;
}

/** Whether `stamp` comes from a clock that cannot be right. */
export function isTooFarAhead(stamp: HybridClock, wallMs: number): boolean {
  return stamp.wall - wallMs > clockAheadMsMax;
}
