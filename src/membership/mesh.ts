/**
 * Who is always connected with whom: everyone with everyone as long as that is few, and beyond that each
 * with its neighbours on the ring and with half as many as that by chance. Both ends compute the same
 * from both ids, and a newcomer changes little. Any other two connect when one has something for the other.
 */
import type { NodeId } from "../core/ids.ts";
import { hashOf } from "./roster.ts";
import type { MembershipState } from "./state.ts";

/** On each side of the ring. */
const ringNeighbours = 2;

/** Whether two live nodes are to be connected with each other. */
export function areNeighbours(state: MembershipState, a: NodeId, b: NodeId): boolean {
  const { roster, options } = state;
  if (isFullMesh(state)) return true;
  const pair = a < b ? `${a}${b}` : `${b}${a}`;
  const chance = options.meshPeersMax / 2 / roster.live;
  if ((hashOf(pair, 0x811c9dc5) >>> 0) / 2 ** 32 < chance) return true;
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
