/**
 * What is decided on one slot of a service: that its instance stays, begins, moves, is replaced or takes
 * over. Pure; the pass that asks for it is `reconcile.ts`.
 */
import { createHash } from "node:crypto";
import { asInstanceId, type InstanceId, type NodeId, type ServiceName } from "../core/ids.ts";
import { noResources } from "../core/resources.ts";
import { type Decision, type DesiredService, isPlaced } from "./decision.ts";
import {
  type Candidate,
  isAwayOn,
  missingRoom,
  type PlacementRequest,
  reasonsAgainst,
} from "./eligibility.ts";
import { lostInMs } from "./loss.ts";
import { place } from "./placement.ts";
import { isSameData } from "./plain-data.ts";
import { endedMax, type PlacementRecord, type Refusal } from "./records.ts";
import { settleCopies } from "./slot-copies.ts";
import { type Pass, requestOf, reservedBesides, type SlotNow } from "./slot-pass.ts";
import type { ServiceSpec } from "./spec.ts";
import { isAstray } from "./volumes.ts";

/** Undefined: it stays as it is. */
export function decideOn(pass: Pass, wanted: DesiredService, slot: SlotNow): Decision | undefined {
  const { present } = slot;
  if (present?.uid !== wanted.uid) return decideOnOne(pass, wanted, slot);
  // Which of several it is about comes before anything that is to become of it.
  const settled = settleCopies(pass, wanted, slot, present);
  if (settled === "wait") return undefined;
  if (settled !== "none") return settled;
  const decision = decideOnOne(pass, wanted, slot);
  if (decision?.kind !== "place") return decision;
  return { ...decision, placement: succeeding(decision.placement, present) };
}

function decideOnOne(pass: Pass, wanted: DesiredService, slot: SlotNow): Decision | undefined {
  const { present } = slot;
  const { spec } = wanted;
  const there = present?.node == null ? undefined : pass.byId.get(present.node);
  const missedForMs = present?.node == null ? 0 : pass.missedForMs(present.node);
  const isToMove = there?.state === "alive" && there.isDrained === true;
  const refusal = present && wanted.observe(present).refusal;
  const isUnchanged = isPlaced(wanted, present);
  const isLost =
    lostInMs(there, spec.restartGraceMs, missedForMs) === 0 ||
    (isUnchanged && isAstray(pass.volumeHome, spec, present?.node));
  if (isUnchanged && !isLost && !isToMove && refusal === undefined) {
    return present === undefined ? undefined : takenOver(pass, wanted, present);
  }
  if (present === undefined || present.uid !== wanted.uid) return anew(pass, wanted, slot);
  if (present.node === null) {
    const decision = anew(pass, wanted, slot);
    return isAsBefore(decision.placement, present) ? undefined : decision;
  }
  const now: Now = { pass, wanted, slot, present };
  if (isLost || (isToMove && isUnchanged)) return movedAway(now, isUnchanged, isToMove);
  if (there?.state !== "alive") return undefined;
  if (isUnchanged && refusal !== undefined) return refused(now, there, refusal);
  return changed(now, there);
}

/** A slot whose instance was given a node. */
interface Now {
  readonly pass: Pass;
  readonly wanted: DesiredService;
  readonly slot: SlotNow;
  readonly present: PlacementRecord;
}

/** Its node is lost, or drained. */
function movedAway(
  { pass, wanted, slot, present }: Now,
  isUnchanged: boolean,
  isToMove: boolean,
): Decision | undefined {
  // A job is not run again, and what nothing is to run of stays: elsewhere it would begin anew.
  const isJob = wanted.spec.restart.when === "none";
  if (isUnchanged && (isJob || wanted.observe(present).isIdle)) return undefined;
  const moved = anew(pass, wanted, slot);
  // What no other node can take is left to its node: it may come back, or is drained in vain.
  if (moved.placement.node === null) return undefined;
  if (isToMove) return takingOver(wanted, moved, present);
  return { ...moved, placement: { ...moved.placement, cause: "lost" } };
}

/** Its node has no room for it after all. */
function refused(
  { pass, wanted, slot, present }: Now,
  there: Candidate,
  reason: string,
): Decision | undefined {
  const without = { refused: { node: there.id, reason } };
  const moved = takingOver(wanted, anew(pass, wanted, slot, without), present);
  if (moved.placement.node !== null) return moved;
  // What it is to take over from runs on. And what no one but its node knows of, that tells it the end of.
  const request = requestOf(pass, wanted, slot);
  const isToWait = present.outgoing !== undefined || missingRoom(request, there).length === 0;
  return isToWait ? undefined : moved;
}

/** The spec is another, and its node lives. */
function changed(now: Now, there: Candidate): Decision | undefined {
  const { pass, wanted, slot, present } = now;
  const { spec, specStamp } = wanted;
  const { updates } = slot;
  const goneBack = goingBack(now);
  if (goneBack !== undefined) return goneBack;
  const { isIdle, isReady, needsNewTask } = wanted.observe(present);
  const request = requestOf(pass, wanted, slot);
  const toStay = { ...request, present: there.id, ...(isIdle && { resources: noResources }) };
  const whyNot = reasonsAgainst(toStay, there);
  // It cannot stay: another instance takes its place elsewhere.
  if (whyNot.length > 0) {
    const moved = takingOver(wanted, anew(pass, wanted, slot), present);
    // For want of room alone it is left as it is until there is some, and so until its own engine is back.
    const isAway = isOf(present, spec) && isAwayOn(there, spec.provider);
    const isToWait = missingRoom(toStay, there).length + (isAway ? 1 : 0) === whyNot.length;
    return isToWait && moved.placement.node === null ? asItWas(now, moved) : moved;
  }
  if (isReady && needsNewTask) {
    if (updates.left <= 0) return undefined;
    updates.left -= 1;
    if (spec.update.order === "start-first") {
      const both = { present: there.id, reservedOn: reservedBesides(pass, undefined) };
      const begun = anew(pass, wanted, slot, both);
      return begun.placement.node === null
        ? asItWas(now, begun)
        : takingOver(wanted, begun, present);
    }
  }
  // Its tasks are the other provider's, to be ended by it: they are of another instance.
  if (!isOf(present, spec)) return anew(pass, wanted, slot, { present: there.id });
  const epoch = { counter: present.epoch.counter + 1, controller: pass.self };
  const placement = { ...present, provider: spec.provider, specStamp, refusals: [], epoch };
  return { kind: "place", placement, choice: { kind: "present" } };
}

/** What was to be taken over from runs on, and runs just what is wanted now: after an update that is undone. */
function goingBack({ pass, wanted, slot, present }: Now): Decision | undefined {
  const { outgoing, after: _after, cause: _cause, ...kept } = present;
  if (outgoing === undefined) return undefined;
  const there = pass.byId.get(outgoing.node);
  if (there?.state !== "alive" || there.isDrained === true) return undefined;
  const before = { ...kept, ...outgoing };
  const { isReady, needsNewTask } = wanted.observe(before);
  if (!isReady || needsNewTask || !isOf(present, wanted.spec)) return undefined;
  const reservedOn = reservedBesides(pass, outgoing.instance);
  const request = { ...requestOf(pass, wanted, slot), present: outgoing.node, reservedOn };
  if (reasonsAgainst(request, there).length > 0) return undefined;
  const epoch = { counter: present.epoch.counter + 1, controller: pass.self };
  const placement = { ...before, specStamp: wanted.specStamp, refusals: [], epoch };
  return { kind: "place", placement, choice: { kind: "present" } };
}

/** Whether the tasks of an instance are of the provider that the spec names. */
export function isOf({ provider }: PlacementRecord, spec: Pick<ServiceSpec, "provider">): boolean {
  return provider === undefined || provider === spec.provider;
}

/** It runs on as it was, and says why no node takes it as it is to be. */
function asItWas(
  { pass, present }: Now,
  { placement: { refusals } }: Placing,
): Decision | undefined {
  if (isSameData(refusals, present.refusals)) return undefined;
  const epoch = { counter: present.epoch.counter + 1, controller: pass.self };
  return { kind: "place", placement: { ...present, refusals, epoch } };
}

/** Another instance, on whatever node suits it best, or none. @param at what differs from the usual request */
function anew(
  pass: Pass,
  wanted: DesiredService,
  slot: SlotNow,
  at: Partial<PlacementRequest> = {},
): Placing {
  const { present } = slot;
  const isFirst = present === undefined || present.uid !== wanted.uid;
  const epoch = isFirst ? 1 : present.epoch.counter + 1;
  const request = { ...requestOf(pass, wanted, slot), ...at };
  const outcome = place(request, pass.nodes, ({ id }) => pass.load.get(id) ?? 0);
  const placement = placementOf(pass.self, wanted, { slot: slot.slot, epoch }, outcome);
  return "node" in outcome
    ? { kind: "place", placement, choice: outcome.choice }
    : { kind: "place", placement };
}

/**
 * An instance that runs well is to run elsewhere. As with an update by `update.order`: the present one runs until
 * the other has taken over, or has ended before the other begins.
 */
export function movedTo(
  node: NodeId,
  self: NodeId,
  wanted: DesiredService,
  present: PlacementRecord,
): PlacementRecord {
  const { slot, epoch, instance, node: from } = present;
  const at = { slot, epoch: epoch.counter + 1 };
  const moved = { ...placementOf(self, wanted, at, { node }), cause: "rebalance" } as const;
  if (from === null) return moved;
  const before = { instance, node: from };
  const isStartFirst = wanted.spec.update.order === "start-first";
  return succeeding(
    { ...moved, ...(isStartFirst ? { outgoing: before } : { after: before }) },
    present,
  );
}

/** What it took over from is to go. */
function takenOver(
  { self }: Pass,
  wanted: DesiredService,
  present: PlacementRecord,
): Decision | undefined {
  const { outgoing, ...placement } = present;
  if (outgoing === undefined || !wanted.observe(present).hasTakenOver) return undefined;
  const epoch = { counter: present.epoch.counter + 1, controller: self };
  return { kind: "place", placement: { ...placement, epoch }, choice: { kind: "present" } };
}

type Placing = Extract<Decision, { readonly kind: "place" }>;

/**
 * With what is to end of what there was before it: all that it does not name. What was on a lost node may be back
 * with it, and is decided on then.
 */
function succeeding(next: PlacementRecord, present: PlacementRecord): PlacementRecord {
  const isTakeOver = next.cause === "lost" && next.instance !== present.instance;
  const before = isTakeOver ? [] : [present, present.outgoing];
  const known = before.flatMap((one) => (one == null || one.node === null ? [] : [one.instance]));
  const named = [next.instance, next.outgoing?.instance];
  const ended = [...(present.ended ?? []), ...known].filter((one) => !named.includes(one));
  const { endedCopies } = present;
  return { ...next, ended: ended.slice(-endedMax), ...(endedCopies && { endedCopies }) };
}

/** The present one, or what that was itself to take over from, runs on until the new one runs. */
function takingOver(wanted: DesiredService, placing: Placing, present: PlacementRecord): Placing {
  const { instance, node, provider } = present;
  if (placing.placement.node === null || node === null) return placing;
  if (provider !== undefined && provider !== wanted.spec.provider) return placing;
  const outgoing = wanted.observe(present).isReady ? { instance, node } : present.outgoing;
  if (outgoing === undefined) return placing;
  return { ...placing, placement: { ...placing.placement, outgoing } };
}

function placementOf(
  self: NodeId,
  { spec, uid, specStamp }: DesiredService,
  { slot, epoch }: { readonly slot: number; readonly epoch: number },
  outcome: { readonly node: NodeId } | { readonly refusals: readonly Refusal[] },
): PlacementRecord {
  const node = "node" in outcome ? outcome.node : null;
  return {
    service: spec.name,
    slot,
    instance: instanceId(uid, spec.name, slot, epoch, node),
    node,
    refusals: "node" in outcome ? [] : outcome.refusals,
    epoch: { counter: epoch, controller: self },
    uid,
    specStamp,
    provider: spec.provider,
    ended: [],
  };
}

/**
 * Not by chance: two nodes that take themselves for the controller, and pick the same node, make one
 * instance. If they pick two, there are two: one instance on two nodes would have one status.
 */
function instanceId(
  uid: string,
  name: ServiceName,
  slot: number,
  epoch: number,
  node: NodeId | null,
): InstanceId {
  const identity = `${uid}/${name}/${slot}/${epoch}/${node}`;
  return asInstanceId(createHash("sha256").update(identity).digest("hex").slice(0, 16));
}

/** Still no node, and for the same reasons. */
function isAsBefore(next: PlacementRecord, present: PlacementRecord): boolean {
  const { instance, epoch } = present; // A new one would come of a new epoch alone.
  return isSameData({ ...succeeding(next, present), instance, epoch }, present);
}
