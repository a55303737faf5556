/**
 * What a home of the shard that is gone was not told: the keys, by home, to be sent when it is back,
 * before any comparison has found them. Bounded: of more, the comparison finds the rest.
 */
import type { NodeId } from "../core/ids.ts";
import type { Register } from "./register.ts";

/** By home; changed in place. */
export type Hints = Map<NodeId, Set<string>>;

/** Keys kept for one home of one shard. */
export const hintKeysMax = 1_000;

export function addHints(hints: Hints, home: NodeId, registers: readonly Register[]): void {
  const keys = hints.get(home) ?? new Set();
  hints.set(home, keys);
  for (const { key } of registers) if (keys.size < hintKeysMax) keys.add(key);
}

/** Takes what is to be sent to `home`, as it reads now. */
export function takeHints(
  hints: Hints,
  home: NodeId,
  registers: ReadonlyMap<string, Register>,
): readonly Register[] {
  const keys = hints.get(home) ?? new Set();
  hints.delete(home);
  return [...keys].map((key) => registers.get(key)).filter((held) => held !== undefined);
}
