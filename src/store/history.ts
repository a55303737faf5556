/**
 * What lost a conflict is not thrown away: it becomes a register of its own in the history of its
 * group, the same one on every node that saw the conflict. Of a group the newest losers are kept: a
 * bounded set that merges to the same one in any order.
 */
import type { NodeId } from "../core/ids.ts";
import { compareStamps, type Stamp, stampText } from "./hlc.ts";
import type { Register } from "./register.ts";

/** Losers kept a group. */
export const losersMax = 16;

/** Kinds of keys of which a user may want to know what was lost: their own words. */
const kinds: ReadonlySet<string> = new Set(["spec", "run"]);

const prefix = "lost/";

/** What the history keeps of a write. */
export interface Loser {
  readonly key: string;
  /** Absent: it removed the key. */
  readonly value?: unknown;
  readonly wall: number;
  readonly origin: NodeId;
}

/** The register that keeps `loser`; undefined where no one would look for it. */
export function historyOf(loser: Register): Register | undefined {
  const [kind = "", group = ""] = loser.key.split("/", 2);
  if (!kinds.has(kind)) return undefined;
  const { wall, origin } = loser.stamp;
  const kept: Loser = { key: loser.key, value: loser.value, wall, origin };
  const key = `${prefixOf(group)}${stampText(loser.stamp)}`;
  return { key, value: kept, stamp: loser.stamp, seen: [] };
}

/** The keys of losers above `losersMax` of the group that `key` is of, the oldest of them. */
export function surplusLosers(
  registers: ReadonlyMap<string, Register>,
  key: string,
): readonly string[] {
  if (!key.startsWith(prefix)) return [];
  const [, group = ""] = key.split("/", 2);
  const ofGroup = prefixOf(group);
  const losers: { readonly key: string; readonly stamp: Stamp }[] = [];
  for (const register of registers.values()) {
    if (register.key.startsWith(ofGroup) && register.value !== undefined) losers.push(register);
  }
  const newestFirst = losers.sort((a, b) => compareStamps(b.stamp, a.stamp));
  return newestFirst.slice(losersMax).map((loser) => loser.key);
}

/** What is kept of what lost for `key`, newest first, with the stamp that it was written at. */
export function losersOf(
  registers: ReadonlyMap<string, Register>,
  key: string,
): readonly Register[] {
  const [, group = ""] = key.split("/", 2);
  const ofGroup = prefixOf(group);
  const losers: Register[] = [];
  for (const { key: kept, value: loser, stamp } of registers.values()) {
    if (!kept.startsWith(ofGroup) || typeof loser !== "object" || loser === null) continue;
    if (!("key" in loser) || loser.key !== key) continue;
    losers.push({ key, value: "value" in loser ? loser.value : undefined, stamp, seen: [] });
  }
  return losers.sort((a, b) => compareStamps(b.stamp, a.stamp));
}

function prefixOf(group: string): string {
  return `${prefix}${group}/`;
}
