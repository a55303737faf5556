/**
 * What a node is held for, changed in one place: with everything that goes with it, such as the end of
 * a suspicion, the redial of who came back, and the next view.
 */
import type { NodeId } from "../core/ids.ts";
import { noteAlive, noteDeath } from "./flapping.ts";
import { bootOf } from "./incarnation.ts";
import { newNeighbours } from "./mesh.ts";
import { giveUp } from "./on-demand.ts";
import { headStartMs, seeToDial } from "./redial.ts";
import { type MembershipState, selfOf, type Turn } from "./state.ts";
import { isLive, isShown, type MemberRecord } from "./view.ts";

/** Known nodes beyond which no new one is taken in. */
export const membersMax = 10_000;

/** Takes `record` for what is true of its node from now on. */
export function hold(turn: Turn, record: MemberRecord): void {
  const { state } = turn;
  const { roster, publish, redial } = state;
  const { id } = record;
  const before = roster.get(id);
  if (before === undefined && roster.size >= membersMax) return;
  roster.put(record);
  publish.isChanged = true;
  if (id === state.self) return;
  const wasLive = before !== undefined && isLive(before);
  if (record.state !== "suspect") state.suspicions.delete(id);
  if (!isLive(record) || before?.incarnation !== record.incarnation) state.gone.delete(id);
  if (isLive(record)) becomeLive(turn, record, before);
  else if (wasLive || before === undefined) becomeGone(turn, record, wasLive);
  if (record.state === "left" || record.state === "forgotten") redial.lost.delete(id);
  if (!isLive(record) && record.state !== "away" && state.connected.has(id)) {
    turn.effects.push({ kind: "close", peer: id, reason: `it is ${record.state}` });
  }
}

/** Has the others hear of `record`; `by` as in News. */
export function tell(state: MembershipState, member: MemberRecord, by: NodeId | "" = ""): void {
  state.broadcasts.add({ member, by });
}

function becomeLive(turn: Turn, record: MemberRecord, before: MemberRecord | undefined): void {
  const { state } = turn;
  const { id } = record;
  state.redial.goneAtMs.delete(id);
  state.redial.refusedAtMs.delete(id);
  const isReborn =
    before !== undefined &&
    isLive(before) &&
    bootOf(record.incarnation) > bootOf(before.incarnation);
  if (isReborn) noteDeath(turn, id);
  // That life was never met: whom it does not answer has seen nothing of it end.
  if (before === undefined || bootOf(record.incarnation) > bootOf(before.incarnation)) {
    if (!state.connected.has(id)) state.redial.lost.delete(id);
  }
  noteAlive(turn, id);
  seeToDial(turn, id, headStartMs(state, id));
}

function becomeGone(turn: Turn, record: MemberRecord, wasLive: boolean): void {
  const { state, nowMs } = turn;
  const { id } = record;
  state.redial.goneAtMs.set(id, nowMs);
  giveUp(turn, id);
  state.syncing.delete(id);
  if (record.state === "away" || record.state === "dead") {
    if (wasLive) {
      noteDeath(turn, id);
      state.publish.hasDied = true;
      for (const other of newNeighbours(state)) seeToDial(turn, other);
    }
    seeToDial(turn, id, state.options.redialMs);
  }
}

/**
 * The handshake refuses a name that is taken; two nodes that join at the same moment through different
 * ones slip through, and then the smaller id keeps the name. One that was at this node's own address is
 * its predecessor, and gone: this node could not have the address otherwise. To be asked of what others
 * tell: what an earlier life of this node remembers may be long gone.
 */
export function checkName({ state, effects }: Turn, record: MemberRecord): void {
  const self = selfOf(state);
  const isTwin =
    record.name === self.name && record.address !== self.address && record.id < self.id;
  if (isTwin && isLive(record) && isShown(record)) effects.push({ kind: "name-taken", by: record });
}
