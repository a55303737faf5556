/**
 * Takes what another node holds into a shard: merges, keeps what lost a conflict in the history of its
 * group, and tells what follows.
 */
import { historyOf, surplusLosers } from "./history.ts";
import { shardOfKey } from "./key-shard.ts";
import { forgetting } from "./purging.ts";
import type { Register } from "./register.ts";
import { writtenInVain } from "./removals.ts";
import { drop, mergeRegisters, type Replica } from "./replica.ts";
import type { ReplicationEffect } from "./replication.ts";

export interface Taken {
  readonly effects: readonly ReplicationEffect[];
  /** Why some of it was not taken, or stands no longer, for whoever wrote it; undefined: all was, and does. */
  readonly refused: string | undefined;
}

/** What is in another shard has no place in this one, and is left out. */
export function take(replica: Replica, told: readonly Register[], wallMs: number): Taken {
  const registers = told.filter(({ key }) => shardOfKey(key) === replica.shard);
  const { changed, conflicts, refused } = mergeRegisters(replica, registers, wallMs);
  const losers = [
    ...conflicts.map(({ loser }) => loser),
    // Removals are among the tombstones.
    ...(replica.tombstones.size === 0 ? [] : writtenInVain(changed, replica.registers)),
  ];
  const lost = losers.map(historyOf).filter((it) => it !== undefined);
  const all =
    lost.length === 0 ? changed : [...changed, ...mergeRegisters(replica, lost, wallMs).changed];
  const surplus = dropSurplus(replica, all);
  const effects: ReplicationEffect[] = held(replica, all);
  if (surplus.length > 0) {
    const gone = surplus.map(({ key, stamp, seen }) => ({ key, stamp, seen }));
    effects.push({ kind: "changed", registers: gone });
    effects.push(forgetting(surplus));
  }
  for (const conflict of conflicts) effects.push({ kind: "conflict", ...conflict });
  const ahead = refused[0];
  if (ahead === undefined) {
    const late = conflicts.find(({ loser }) => registers.includes(loser));
    return { effects, refused: late && whyLate(late.winner) };
  }
  const { origin, wall } = ahead.stamp;
  const aheadMs = wall - wallMs;
  effects.push({ kind: "clock-ahead", origin, aheadMs });
  return { effects, refused: `the clock of ${origin} is ${aheadMs} ms ahead of the clock here` };
}

/** That a write is held in the history alone is no acknowledgement. */
function whyLate({ key, stamp: { origin } }: Register): string {
  return `a later write of ${key}, by ${origin}, is held here, which its writer has not seen`;
}

function held(replica: Replica, changed: readonly Register[]): ReplicationEffect[] {
  const registers = changed.filter(({ key }) => replica.registers.has(key));
  if (registers.length === 0) return [];
  return [
    { kind: "changed", registers },
    { kind: "persist", registers },
  ];
}

function dropSurplus(replica: Replica, changed: readonly Register[]): readonly Register[] {
  const dropped: Register[] = [];
  for (const { key } of changed) {
    for (const surplus of surplusLosers(replica.registers, key)) {
      const register = replica.registers.get(surplus);
      if (register === undefined) continue;
      dropped.push(register);
      drop(replica, surplus);
    }
  }
  return dropped;
}
