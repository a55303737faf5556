/**
 * How one message reaches every node where not all are connected with each other: each of those that a
 * node is connected with gets the part of the ring from itself to the next of them, and passes the
 * message on there. Everyone gets it once, since the parts are disjoint, and whatever the views of
 * others, it ends, since parts only shrink. In a full mesh every part is one node. After El-Ansary and
 * others (2003), with whatever connections there are in place of Chord's fingers.
 */
import type { NodeId } from "../core/ids.ts";

export interface Stretch {
  readonly to: NodeId;
  /** The last of those that it passes the message on to, in the order of ids; undefined: to no one. */
  readonly until: NodeId | undefined;
}

/**
 * @param ring the live nodes, `self` among them or not, in the order of ids
 * @param until the last node of the part that `self` is to tell; undefined: everyone else
 * @param isConnected whether a message for that node goes there at once; others are told directly only
 * where no one who is connected stands before them
 */
export function stretchesOf(
  ring: readonly NodeId[],
  self: NodeId,
  until: NodeId | undefined,
  isConnected: (node: NodeId) => boolean,
): readonly Stretch[] {
  const stretches: { to: NodeId; until: NodeId | undefined }[] = [];
  let relay: { to: NodeId; until: NodeId | undefined } | undefined;
  for (const node of partOf(ring, self, until)) {
    const isRelay = isConnected(node);
    if (relay !== undefined && !isRelay) {
      relay.until = node;
      continue;
    }
    const stretch = { to: node, until: undefined };
    stretches.push(stretch);
    if (isRelay) relay = stretch;
  }
  return stretches;
}

/** How many nodes there are from `self`, exclusive, to `until`, inclusive. */
export function sizeOf(ring: readonly NodeId[], self: NodeId, until: NodeId | undefined): number {
  return partOf(ring, self, until).length;
}

/** Those after `self` up to `until`, around the end of the ring if need be. */
function partOf(
  ring: readonly NodeId[],
  self: NodeId,
  until: NodeId | undefined,
): readonly NodeId[] {
  const after = ring.filter((node) => node > self);
  const before = ring.filter((node) => node < self);
  if (until === undefined) return [...after, ...before];
  if (until > self) return after.filter((node) => node <= until);
  return [...after, ...before.filter((node) => node <= until)];
}
