/**
 * Two nodes bring each other to one state: when one has dialed the other, when one goes on hearing that
 * the others know something else, and now and then at random. A
 * hash first: equal ones end it there. Else a digest, and then only what the one or the other lacks.
 * What is told this way is second hand: deaths in it are only suspicions, or a healed partition would
 * kill everyone once.
 */
import type { NodeId } from "../core/ids.ts";
import { learn } from "./learning.ts";
import { type DigestEntry, type MembershipMessage, membersPerMessage } from "./messages.ts";
import { hearOfLife } from "./refutation.ts";
import { isReached, type MembershipState, selfOf, type Turn } from "./state.ts";
import { type Claim, type MemberRecord, severity, supersedes } from "./view.ts";

/** Nodes above which exchanges get rarer. */
const scaleAbove = 32;

const stateNames = Object.keys(severity) as MemberRecord["state"][];

export function pushPullDueAtMs({ pushPullAtMs, connected }: MembershipState): number {
  return connected.size > 0 ? pushPullAtMs : Number.POSITIVE_INFINITY;
}

export function pushPullDue(turn: Turn): void {
  const { state, nowMs } = turn;
  if (state.pushPullAtMs > nowMs) return;
  const { pushPullMs } = state.options;
  const doublings = Math.max(0, Math.ceil(Math.log2(state.roster.live / scaleAbove)));
  state.pushPullAtMs = nowMs + pushPullMs * (doublings + 1) * (0.9 + 0.2 * state.draw());
  const peers = [...state.connected].filter((peer) => isReached(state, peer));
  const peer = peers[Math.floor(state.draw() * peers.length)];
  if (peer !== undefined) beginSync(turn, peer);
}

/**
 * What `from`'s answer tells of all that it knows. Gossip reaches all but a few, and in time: who hears
 * of nothing but other knowledge than its own for longer than that asks for it.
 */
export function onHash(turn: Turn, from: NodeId, hash: number): void {
  const { state, nowMs } = turn;
  if (hash === state.roster.hash) state.differsSinceMs = undefined;
  else if (state.differsSinceMs === undefined) state.differsSinceMs = nowMs;
  else if (nowMs - state.differsSinceMs >= state.options.differMs && isReached(state, from)) {
    state.differsSinceMs = nowMs;
    beginSync(turn, from);
  }
}

export function beginSync(turn: Turn, peer: NodeId): void {
  const { state } = turn;
  const { roster } = state;
  const held = roster.get(peer)?.incarnation ?? 0;
  send(turn, peer, { kind: "sync", hash: roster.hash, member: settled(selfOf(state)), held });
}

export function onSync(
  turn: Turn,
  from: NodeId,
  { hash, member, held }: Extract<MembershipMessage, { readonly kind: "sync" }>,
): void {
  const { roster } = turn.state;
  hearOfLife(turn, held);
  // It is told what was known of it before this: an earlier life under the same boot counter, perhaps.
  const before = roster.get(from);
  learn(turn, { member, by: "" }, from, "second hand");
  // And that it was given up meanwhile: others may lack what it still has.
  if (before?.state === "forgotten") sendMembers(turn, from, [before], []);
  const entries: DigestEntry[] = [];
  if (hash !== roster.hash || before?.incarnation !== roster.get(from)?.incarnation) {
    for (const record of roster.all()) {
      const { id, incarnation, state } = settled(record.id === from ? (before ?? record) : record);
      entries.push([id, incarnation, severity[state]]);
    }
  }
  send(turn, from, { kind: "digest", entries });
}

export function onDigest(turn: Turn, from: NodeId, entries: readonly DigestEntry[]): void {
  const { roster } = turn.state;
  if (entries.length === 0) {
    turn.state.syncing.delete(from);
    return;
  }
  const ofSelf = entries.find(([id]) => id === turn.state.self);
  if (ofSelf !== undefined) hearOfLife(turn, ofSelf[1]);
  const theirs = new Map(entries.map((entry) => [entry[0], claimOf(entry)]));
  const news: MemberRecord[] = [];
  for (const record of roster.all()) {
    const told = theirs.get(record.id);
    if (told === undefined || supersedes(settled(record), told)) news.push(settled(record));
  }
  const wanted = [...theirs].filter(([id, claim]) => {
    const held = roster.get(id);
    return held === undefined || supersedes(claim, settled(held));
  });
  if (news.length > 0 || wanted.length > 0) {
    sendMembers(
      turn,
      from,
      news,
      wanted.map(([id]) => id),
    );
  }
  if (wanted.length === 0) turn.state.syncing.delete(from);
}

export function onMembers(
  turn: Turn,
  from: NodeId,
  { members, wanted, more }: Extract<MembershipMessage, { readonly kind: "members" }>,
): void {
  const { roster } = turn.state;
  for (const member of members) learn(turn, { member, by: "" }, from, "second hand");
  if (more) return;
  const asked = wanted.map((id) => roster.get(id)).filter((record) => record !== undefined);
  if (asked.length > 0) sendMembers(turn, from, asked.map(settled), []);
  else turn.state.syncing.delete(from);
}

function sendMembers(
  turn: Turn,
  to: NodeId,
  members: readonly MemberRecord[],
  wanted: readonly NodeId[],
): void {
  for (let first = 0; first === 0 || first < members.length; first += membersPerMessage) {
    const more = first + membersPerMessage < members.length;
    const some = members.slice(first, first + membersPerMessage);
    send(turn, to, { kind: "members", members: some, wanted: more ? [] : wanted, more });
  }
}

/** Suspicion is passed on by those who suspect, not by those who heard of it. */
function settled(record: MemberRecord): MemberRecord {
  return record.state === "suspect" ? { ...record, state: "alive" } : record;
}

/** Of a state that a later version knows alone, the incarnation is all that counts. */
function claimOf([, incarnation, state]: DigestEntry): Claim {
  return { incarnation, state: stateNames.find((name) => severity[name] === state) ?? "alive" };
}

function send(turn: Turn, to: NodeId, message: MembershipMessage): void {
  turn.effects.push({ kind: "send", to, message });
}
