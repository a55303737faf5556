/**
 * While one side of a partition removes a creation and makes another of its name, the other side may
 * still write the removed one. Where that is the newer write it wins the key and stands for nothing,
 * and what it won against is what users wanted last. That is kept in the history; from there whoever
 * writes for the shard takes it and writes it again.
 */
import { losersOf } from "./history.ts";
import { compareStamps } from "./hlc.ts";
import type { Register } from "./register.ts";
import { isOfRemoved, isRemoval, leftOf } from "./removals.ts";
import type { Replica } from "./replica.ts";
import type { Entry } from "./replication.ts";

/** What is to be written again in this shard; nothing where no write of a removed creation has won. */
export function outlived({ registers, tombstones }: Replica): readonly Entry[] {
  const entries: Entry[] = [];
  for (const tombstone of tombstones) {
    const removal = registers.get(tombstone);
    if (removal === undefined || !isRemoval(removal)) continue;
    for (const { key } of leftOf(removal, registers)) {
      const value = lastAgainst(key, removal, registers)?.value;
      if (value !== undefined) entries.push({ key, value });
    }
  }
  return entries;
}

/** The last write of a key since the removal that lost, and is not of a removed creation itself. */
function lastAgainst(
  key: string,
  removal: Register,
  registers: ReadonlyMap<string, Register>,
): Register | undefined {
  return losersOf(registers, key).find(
    (loser) => compareStamps(loser.stamp, removal.stamp) > 0 && !isOfRemoved(loser, registers),
  );
}
