/**
 * Who this node is, which its key says, and how often it has started. Durable before the node tells
 * anyone: a boot counter that was seen must never be given again.
 */
import { forgetMembers } from "../actors/remembered-view.ts";
import { CorruptRecord } from "../core/errors.ts";
import { asNodeId, type NodeId } from "../core/ids.ts";
import type { Storage } from "../storage/storage.ts";

export interface NodeIdentity {
  readonly id: NodeId;
  /** Counts the starts of this node, from 1. */
  readonly boot: number;
}

const key = "n/identity";

/**
 * The identity of this start of the node with that id; the next will have a higher boot counter. A
 * folder with another node's records, since its key was lost, keeps them but not that node's view: in
 * it the name of this one would be another's.
 * @throws CorruptRecord; Unavailable when the disk refuses
 */
export async function nextIdentity(storage: Storage, id: NodeId): Promise<NodeIdentity> {
  const kept = storage.get(key);
  const last = kept === undefined ? undefined : parse(kept);
  if (last !== undefined && last.id !== id) forgetMembers(storage);
  const identity: NodeIdentity = { id, boot: (last?.boot ?? 0) + 1 };
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
