/**
 * Who decides for a group: the node that its shard ranks first among the live. No one is elected, and
 * every node computes the same answer from the same view.
 */
import { Unavailable } from "../core/errors.ts";
import type { NodeId } from "../core/ids.ts";
import { asServiceName } from "../core/ids.ts";
import { isLive, type Member, type View } from "../membership/view.ts";
import type { RingNode } from "../ring/homes.ts";
import { rank, shardOf } from "../ring/ranking.ts";
import { groupOf } from "../services/service-name.ts";

/** A member, as the ring ranks it. */
export function ringNode(member: Member): RingNode {
  const { id, facts } = member;
  const { weight } = facts;
  const lives = isLive(member);
  return weight === undefined ? { id, isLive: lives } : { id, isLive: lives, weight };
}

/** The node whose controller decides for the service's group; undefined while no node is live. */
export function ownerOf(view: View, name: string): NodeId | undefined {
  const live = view.members.filter(isLive).map(ringNode);
  return rank(shardOf(groupOf(asServiceName(name))), live)[0];
}

/** The same, for who has to have one. @throws Unavailable */
export function deciderOf(view: View, name: string): NodeId {
  const owner = ownerOf(view, name);
  if (owner === undefined) throw new Unavailable("this node has yet to find its place");
  return owner;
}

export function owns(view: View, node: NodeId, name: string): boolean {
  return ownerOf(view, name) === node;
}
