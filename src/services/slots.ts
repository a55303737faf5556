/**
 * The slots of a service, numbered from 0, one an instance: which of them there are to be. Where each goes
 * is decided in `reconcile.ts`.
 */
import type { NodeId } from "../core/ids.ts";
import type { PlacementRecord } from "./records.ts";

/** A slot that there is to be. */
export interface WantedSlot {
  readonly slot: number;
  /** The only node that it may be on; absent: any. */
  readonly only?: NodeId;
}

/** So many, wherever they are. */
export function countedSlots(instances: number): readonly WantedSlot[] {
  return Array.from({ length: instances }, (_, slot) => ({ slot }));
}

/**
 * One on each node that can take it.
 * @param present the placements that there are of this creation
 * @param canTake whether a live node can have one, its present one aside
 * @param nodes every node known; `isLive`: it answers, and so what it says of itself holds
 */
export function slotsEverywhere(
  present: readonly PlacementRecord[],
  nodes: readonly { readonly id: NodeId; readonly isLive: boolean }[],
  canTake: (node: NodeId) => boolean,
): readonly WantedSlot[] {
  // Whoever decides, the same nodes have the same slots.
  const ordered = nodes.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const known = new Map(nodes.map(({ id, isLive }) => [id, isLive]));
  const kept = new Map<NodeId, WantedSlot>();
  for (const { slot, node } of present.toSorted((a, b) => a.slot - b.slot)) {
    if (node === null || kept.has(node)) continue;
    const isLive = known.get(node);
    // One that cannot be asked keeps what it has: it may be back, and no other is to stand in for it.
    if (isLive === false || (isLive === true && canTake(node)))
      kept.set(node, { slot, only: node });
  }
  // Free again are those of nodes that are gone for good; what runs where it is not to be goes first.
  const inUse = present.filter(({ node }) => node !== null && known.has(node));
  const taken = new Set(inUse.map(({ slot }) => slot));
  let slot = 0;
  for (const { id, isLive } of ordered) {
    if (kept.has(id) || !isLive || !canTake(id)) continue;
    while (taken.has(slot)) slot += 1;
    taken.add(slot);
    kept.set(id, { slot, only: id });
  }
  // Where no node can take it, one slot tells why.
  return kept.size === 0 ? [{ slot: 0 }] : [...kept.values()].sort((a, b) => a.slot - b.slot);
}
