/**
 * Who this node is, for as long as it keeps its data folder, and how often it has started. Durable
 * before the node tells anyone: a boot counter that was seen must never be given again.
 */
import type { Random } from "../core/env.ts";
import { asNodeId, type NodeId, newId } from "../core/ids.ts";
import type { Storage } from "../storage/storage.ts";
import { CorruptRecord } from "../store/register-codec.ts";

export interface NodeIdentity {
  readonly id: NodeId;
  /** Counts the starts of this node, from 1. */
  readonly boot: number;
}

const key = "n/identity";

/**
 * The identity of this start; the next one will have a higher boot counter.
 * @throws CorruptRecord; Unavailable when the disk refuses
 */
export async function nextIdentity(storage: Storage, random: Random): Promise<NodeIdentity> {
  const kept = storage.get(key);
  const last = kept === undefined ? undefined : parse(kept);
  const identity: NodeIdentity = {
    id: last?.id ?? asNodeId(newId(random, 16)),
    boot: (last?.boot ?? 0) + 1,
  };
  storage.put(key, new TextEncoder().encode(JSON.stringify(identity)));
  await storage.flush();
  return identity;
}

/** Others remember a later life: this node goes on with a boot counter above it. Resolves when durable. */
export async function raiseBoot(storage: Storage, id: NodeId, boot: number): Promise<void> {
  const kept = storage.get(key);
  const identity: NodeIdentity = { id, boot: Math.max(boot, kept ? parse(kept).boot : 0) };
  storage.put(key, new TextEncoder().encode(JSON.stringify(identity)));
  await storage.flush();
}

function parse(bytes: Uint8Array): NodeIdentity {
  const kept: unknown = JSON.parse(new TextDecoder().decode(bytes));
  if (typeof kept === "object" && kept !== null && "id" in kept && "boot" in kept) {
    const { id, boot } = kept;
    const isWhole = typeof id === "string" && typeof boot === "number";
    if (isWhole) return { id: asNodeId(id), boot };
  }
  throw new CorruptRecord("the identity of this node in its data folder cannot be read");
}
