/** Writes records of services, nodes and tokens: the one way to the store for all who have something to say. */
import type { ActorSystem } from "../otp/actor-system.ts";
import type { Entry, Receipt } from "../store/replication.ts";
import { names } from "./names.ts";
import type { StoreProtocol } from "./store-protocol.ts";

/** Above the time after which the store itself gives up. */
const timeoutMs = 12_000;

/** Resolves once they are on disk here and acknowledged, as the receipt says. @throws StorageFull, Unavailable */
export function writeRecords(
  system: Pick<ActorSystem, "call">,
  entries: readonly Entry[],
): Promise<Receipt> {
  return system.call<StoreProtocol, "write">(names.store, "write", { entries }, { timeoutMs });
}
