/**
 * Who decides for a group: the node that its shard ranks first among the live. No one is elected, and
 * every node computes the same answer from the same view.
 */
import { Unavailable } from "../core/errors.ts";
import type { NodeId } from "../core/ids.ts";
import { asServiceName } from "../core/ids.ts";
import { isLive, type Member, type View } from "../membership/view.ts";
import type { RingNode } from "../ring/homes.ts";
import { rank, type ShardId, shardOf } from "../ring/ranking.ts";
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
  const owners = ownersIn(view);
  const shard = shardOf(groupOf(asServiceName(name)));
  if (!owners.has(shard)) {
    const live = view.members.filter(isLive).map(ringNode);
    owners.set(shard, rank(shard, live)[0]);
  }
  return owners.get(shard);
}

/** Those found so far, kept with the view: it is asked for every service, at each look at all of them. */
function ownersIn(view: View): Map<ShardId, NodeId | undefined> {
  const known = kept.get(view) ?? new Map();
  kept.set(view, known);
  return known;
}

const kept = new WeakMap<View, Map<ShardId, NodeId | undefined>>();

/** The same, for who has to have one. @throws Unavailable */
export function deciderOf(view: View, name: string): NodeId {
  const owner = ownerOf(view, name);
  if (owner === undefined) throw new Unavailable("this node has yet to find its place");
  return owner;
}

export function owns(view: View, node: NodeId, name: string): boolean {
  return ownerOf(view, name) === node;
}
