/**
 * Who is connected with whom: everyone with everyone as long as that is few, and beyond that each with
 * its neighbours on the ring and some 64 that chance picks. Both ends compute the same from both ids,
 * and a newcomer changes little.
 */
import type { NodeId } from "../core/ids.ts";
import { hashOf } from "./roster.ts";
import type { MembershipState } from "./state.ts";

/** Connections a node beyond the full mesh, about. Random graphs of this degree do not fall apart. */
const degree = 64;
/** On each side of the ring. */
const ringNeighbours = 2;

/** Whether two live nodes are to be connected with each other. */
export function areNeighbours(state: MembershipState, a: NodeId, b: NodeId): boolean {
  const { roster } = state;
  if (isFullMesh(state)) return true;
  const pair = a < b ? `${a}${b}` : `${b}${a}`;
  if ((hashOf(pair, 0x811c9dc5) >>> 0) / 2 ** 32 < degree / roster.live) return true;
  return (
    roster.predecessors(a, ringNeighbours).includes(b) ||
    roster.predecessors(b, ringNeighbours).includes(a)
  );
}

export function isFullMesh({ roster, options }: MembershipState): boolean {
  return roster.live <= options.meshPeersMax + 1;
}

/** Whom this node may have to be connected with now that another is gone. */
export function newNeighbours({ roster, options, self }: MembershipState): readonly NodeId[] {
  if (roster.live > options.meshPeersMax + 1) {
    return [
      ...roster.predecessors(self, ringNeighbours),
      ...roster.successors(self, ringNeighbours),
    ];
  }
  return roster.live === options.meshPeersMax + 1 ? roster.all().map(({ id }) => id) : [];
}
