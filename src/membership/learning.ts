/**
 * What a node makes of what it is told. Of others: a statement of a higher incarnation, or a more severe
 * one of the same, is taken over and told on; suspicions and sightings are counted first. Of itself:
 * whatever is wrong is refuted.
 */
import type { NodeId } from "../core/ids.ts";
import { sawGone } from "./away.ts";
import type { News } from "./messages.ts";
import { hearOfSelf } from "./refutation.ts";
import { checkName, hold, tell } from "./standing.ts";
import type { Turn } from "./state.ts";
import { suspect } from "./suspicion.ts";
import { isLive, type MemberRecord, supersedes } from "./view.ts";

/**
 * `gossip`: passed on as it happens. `second hand`: what another has held to be true for who knows how
 * long, so that a death of someone who lives for this node is a suspicion.
 */
export type Manner = "gossip" | "second hand";

export function learn(turn: Turn, { member, by }: News, from: NodeId, manner: Manner): void {
  const { state } = turn;
  if (member.id === state.self) {
    hearOfSelf(turn, member);
    return;
  }
  const held = state.roster.get(member.id);
  if (held !== undefined && !supersedes(member, held)) {
    if (member.incarnation === held.incarnation) count(turn, member, by);
    return;
  }
  if (held === undefined || member.incarnation > held.incarnation) {
    // What comes with an accusation is also what the node last said of itself.
    const isClaim = by !== "" || (member.state === "suspect" && held !== undefined);
    takeOver(turn, isClaim ? { ...member, state: "alive" } : member);
    if (isClaim) count(turn, member, by);
    return;
  }
  const isHeldDead = member.state === "dead" || member.state === "away";
  if (by !== "" || member.state === "suspect") count(turn, member, by);
  else if (
    manner === "second hand" &&
    isLive(held) &&
    (isHeldDead || member.state === "forgotten")
  ) {
    suspect(turn, held, from);
  } else takeOver(turn, member);
}

function takeOver(turn: Turn, member: MemberRecord): void {
  hold(turn, member);
  tell(turn.state, member);
  checkName(turn, member);
}

/** One more observation of what may be or may not. */
function count(turn: Turn, member: MemberRecord, by: NodeId | ""): void {
  if (by === "") return;
  if (member.state === "suspect") suspect(turn, member, by);
  else if (member.state === "away") sawGone(turn, member, by);
}
