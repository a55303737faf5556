/** What two nodes can tell each other when they exchange their whole views. */
import type { NodeId } from "../core/ids.ts";
import { type Member, supersedes, type View } from "./view.ts";

type Members = ReadonlyMap<NodeId, Member>;

/** What of `told` a node that knows `held` should take over. */
export function newsIn(told: readonly Member[], held: Members): readonly Member[] {
  return told.filter((member) => {
    const known = held.get(member.id);
    return known === undefined || supersedes(member, known);
  });
}

/** Whether whoever sent `view` would learn nothing from a node that knows `held`. */
export function knowsAll(view: View, held: Members): boolean {
  const theirs = new Map(view.members.map((member) => [member.id, member]));
  return newsIn([...held.values()], theirs).length === 0;
}

/** All of `members` as a view. */
export function viewOf(members: Members, version: number): View {
  return { version, members: [...members.values()].sort((a, b) => (a.id < b.id ? -1 : 1)) };
}
