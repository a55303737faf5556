/**
 * The controller's pass: compares what is wanted with where it is placed, and decides which placement
 * records to write. Pure and idempotent: applied to its own outcome it decides nothing. It may run at
 * any time, on any part of the services; what it needs of the past is in the records.
 */
import type { NodeId } from "../core/ids.ts";
import { isNothing } from "../core/resources.ts";
import { Bookings } from "./bookings.ts";
import { Claims } from "./claims.ts";
import { type Decision, type DesiredService, type ReconcileInput, requestFor } from "./decision.ts";
import { isAwayOn, reasonsAgainst } from "./eligibility.ts";
import { missedMsMax } from "./loss.ts";
import { fixedPorts } from "./ports.ts";
import type { PlacementRecord } from "./records.ts";
import { decideOn, isOf } from "./slot-decision.ts";
import { type Pass, portKey, reservedBesides } from "./slot-pass.ts";
import { countedSlots, slotsEverywhere, type WantedSlot } from "./slots.ts";
import type { ServiceSpec } from "./spec.ts";

/** By priority, the highest first, and then by name, whatever the order of the input. */
export function reconcile(input: ReconcileInput): readonly Decision[] {
  const { nodes } = input;
  const load = new Map(nodes.map(({ id, instances }) => [id, instances]));
  const booked = once(() => new Bookings(input.bookings?.()));
  const claims = new Claims({ nodes, booked, waiting: () => input.waiting?.() ?? [] });
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const pass: Pass = { ...input, byId, load, given: new Map(), booked, claims };
  return input.services
    .toSorted((a, b) => comesBefore(a.spec, b.spec))
    .flatMap((wanted) => decideOnService(pass, wanted));
}

function comesBefore(a: ServiceSpec, b: ServiceSpec): number {
  return b.priority - a.priority || (a.name < b.name ? -1 : 1);
}

function decideOnService(pass: Pass, wanted: DesiredService): readonly Decision[] {
  const { spec } = wanted;
  const ofCreation = wanted.present.filter(({ uid }) => uid === wanted.uid);
  const slots = slotsOf(pass, spec, ofCreation);
  const ports = fixedPorts(spec);
  const bySlot = new Map(wanted.present.map((placement) => [placement.slot, placement]));
  /** Where each slot is, as decided so far. */
  const nodeOf = new Map(ofCreation.map(({ slot, node }) => [slot, node]));
  const decisions: Decision[] = [];
  const decided = (decision: Decision, before: PlacementRecord | undefined) => {
    const { slot, node } = decision.placement;
    addLoad(pass.load, before?.node, -1);
    nodeOf.delete(slot);
    if (decision.kind === "place") {
      addLoad(pass.load, node, 1);
      nodeOf.set(slot, node);
      for (const port of ports) pass.given.set(portKey(node, port), spec.name);
      book(pass, spec, decision.placement);
    }
    decisions.push(decision);
  };
  const updates = { left: wanted.updatesMax };
  const isWanted = new Set(slots.map(({ slot }) => slot));
  for (const placement of wanted.present) {
    if (!isWanted.has(placement.slot)) decided({ kind: "withdraw", placement }, placement);
  }
  for (const slot of slots) {
    const present = bySlot.get(slot.slot);
    const siblings = [...nodeOf].flatMap(([other, node]) =>
      other === slot.slot || node === null ? [] : [node],
    );
    const decision = decideOn(pass, wanted, { ...slot, present, siblings, updates });
    if (decision !== undefined) decided(decision, present);
    const now = decision?.placement ?? present;
    if (now?.node === null && !wanted.observe(now).isIdle) pass.claims.add(spec);
  }
  return decisions;
}

function slotsOf(
  pass: Pass,
  spec: ServiceSpec,
  present: readonly PlacementRecord[],
): readonly WantedSlot[] {
  if (spec.instances !== "everywhere") return countedSlots(spec.instances);
  const { nodes, byId, missedForMs } = pass;
  const { volumeHome } = pass;
  const request = { ...requestFor(spec), ...(volumeHome && { volumeHome }) };
  const missed = present.flatMap(({ node }) => {
    const isMissed = node !== null && !byId.has(node) && missedForMs(node) < missedMsMax;
    return isMissed ? [{ id: node, isLive: false }] : [];
  });
  const known = [...nodes.map(({ id, state }) => ({ id, isLive: state === "alive" })), ...missed];
  const canTake = (id: NodeId) => {
    const node = byId.get(id);
    if (node === undefined) return false;
    const there = present.find((placement) => placement.node === id);
    const reservedOn = reservedBesides(pass, there?.instance);
    // What has an instance of it keeps that while its engine is away.
    const isAway = there !== undefined && isOf(there, spec) && isAwayOn(node, spec.provider);
    const reasons = reasonsAgainst({ ...request, present: id, reservedOn }, node);
    return reasons.length === (isAway ? 1 : 0);
  };
  return slotsEverywhere(present, known, canTake);
}

function book({ booked }: Pass, { resources }: ServiceSpec, placement: PlacementRecord): void {
  const { node, instance } = placement;
  if (node !== null && !isNothing(resources)) booked().book({ node, instance, resources });
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

function addLoad(load: Map<NodeId, number>, node: NodeId | null | undefined, by: 1 | -1): void {
  if (node != null) load.set(node, (load.get(node) ?? 0) + by);
}
