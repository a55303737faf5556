/**
 * What is kept of the newest record that all nodes have forgotten: in the node's storage, since what was forgotten
 * is nowhere any more, and in the shard map, where watches read it.
 */

import type { Storage } from "../storage/storage.ts";
import { newerStamp, parseStamp, type Stamp, stampText } from "../store/hlc.ts";
import type { ShardMap } from "./shard-map.ts";

interface Held {
  readonly storage: Storage;
  readonly shards: ShardMap;
}

const key = "n/horizon";

/** As the life before this one has left it; what cannot be read counts as unknown, which is always right. */
export function openHorizon({ storage, shards }: Held): void {
  const kept = storage.get(key);
  shards.horizon = kept && parseStamp(new TextDecoder().decode(kept));
}

/** Something as new as this is forgotten by all, and what is not is held here. */
export function raiseHorizon({ storage, shards }: Held, stamp: Stamp): void {
  const { horizon } = shards;
  if (horizon !== undefined && newerStamp(horizon, stamp) === horizon) return;
  shards.horizon = stamp;
  storage.put(key, new TextEncoder().encode(stampText(stamp)));
}

/** Nothing is held here any more. */
export function dropHorizon({ storage, shards }: Held): void {
  shards.horizon = undefined;
  forgetHorizon(storage);
}

/** From the next flush on none is kept. */
export function forgetHorizon(storage: Storage): void {
  storage.remove(key);
}
