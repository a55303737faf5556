/**
 * The controller's pass: compares what is wanted with where it is placed, and decides which placement
 * records to write. Pure and idempotent: applied to its own outcome it decides nothing. It may run at
 * any time, on any part of the services; what it needs of the past is in the records.
 */
import { createHash } from "node:crypto";
import { asInstanceId, type InstanceId, type NodeId, type ServiceName } from "../core/ids.ts";
import { isNothing, noResources, type Resources } from "../core/resources.ts";
import { type Booking, Bookings } from "./bookings.ts";
import type { Stamp } from "./instance-status.ts";
import { lostInMs, missedMsMax } from "./loss.ts";
import {
  type Candidate,
  type Choice,
  missingRoom,
  type Placed,
  type PlacementRequest,
  type PortHolder,
  place,
  reasonsAgainst,
} from "./placement.ts";
import { canonicalText } from "./plain-data.ts";
import { fixedPorts } from "./ports.ts";
import type { PlacementRecord } from "./records.ts";
import { type WantedSlot, wantedSlots } from "./slots.ts";
import type { ServiceSpec } from "./spec.ts";

/** A service that this controller decides for. */
export interface DesiredService {
  /** By its full name. */
  readonly spec: ServiceSpec;
  /** Of its group's creation. */
  readonly uid: string;
  /** Of its group's record. */
  readonly specStamp: Stamp;
  /** Where its instances are now; those of earlier creations too. */
  readonly present: readonly PlacementRecord[];
  /** What is seen of one of them. */
  readonly observe: (placement: PlacementRecord) => Observed;
  /** Most instances that run, and are to be replaced by others of the new version now. */
  readonly updatesMax: number;
}

export interface Observed {
  /** Nothing of it is to run: stopped by a user, or ended for good. It stays, whatever becomes of its node. */
  readonly isIdle: boolean;
  /** It runs, and is not found unhealthy: it can take over, and is to be taken over without a gap. */
  readonly isReady: boolean;
  /** What the spec says of its task is not what runs. */
  readonly needsNewTask: boolean;
  /** Its node has no room for it, and why; absent: it has, or has yet to say. */
  readonly refusal?: string | undefined;
  /** It has been ready for long enough that what it takes over from can go. */
  readonly hasTakenOver: boolean;
}

export interface ReconcileInput {
  readonly self: NodeId;
  /** Only of the services in here is anything decided. */
  readonly services: readonly DesiredService[];
  /** Every node known, with the instances of whatever service that are placed on it now. */
  readonly nodes: readonly Candidate[];
  readonly portHolder: PortHolder;
  /** What is reserved on the nodes; asked for once, where something is to be placed that reserves anything. */
  readonly bookings?: () => Iterable<Booking>;
  /** For how long a node that is not among them has been missed, ms. */
  readonly missedForMs: (node: NodeId) => number;
}

export type Decision =
  /** To be written over what is there under its key. `choice`: why there, where a node can take it. */
  | { readonly kind: "place"; readonly placement: PlacementRecord; readonly choice?: Choice }
  /** To be removed from the store. */
  | { readonly kind: "withdraw"; readonly placement: PlacementRecord };

/** In the order of the services' names, whatever the order of the input. */
export function reconcile(input: ReconcileInput): readonly Decision[] {
  const { nodes } = input;
  const load = new Map(nodes.map(({ id, instances }) => [id, instances]));
  const pass: Pass = {
    ...input,
    byId: new Map(nodes.map((node) => [node.id, node])),
    load,
    given: new Map(),
    booked: once(() => new Bookings(input.bookings?.())),
  };
  return input.services
    .toSorted((a, b) => (a.spec.name < b.spec.name ? -1 : 1))
    .flatMap((wanted) => decideOnService(pass, wanted));
}

/** Whether an instance is where it was to be: while its node lives, nothing is decided on it then. */
export function isPlaced(
  { uid, specStamp }: Pick<DesiredService, "uid" | "specStamp">,
  present: PlacementRecord | undefined,
): boolean {
  return present?.uid === uid && present.node !== null && present.specStamp === specStamp;
}

/** What all decisions of a pass share. */
interface Pass extends ReconcileInput {
  readonly byId: ReadonlyMap<NodeId, Candidate>;
  /** Instances on each node, with what was decided so far. */
  readonly load: Map<NodeId, number>;
  /** What was given a port of a node in this pass. */
  readonly given: Map<string, ServiceName>;
  /** What is reserved, with what was decided so far. */
  readonly booked: () => Bookings;
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
  }
  return decisions;
}

function slotsOf(
  pass: Pass,
  spec: ServiceSpec,
  present: readonly PlacementRecord[],
): readonly WantedSlot[] {
  const { nodes, byId, missedForMs } = pass;
  const request = requestFor(spec);
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
    return reasonsAgainst({ ...request, present: id, reservedOn }, node).length === 0;
  };
  return wantedSlots(spec.instances, present, known, canTake);
}

/** What a service asks of the node that it is placed on. */
export function requestFor({
  name: service,
  provider,
  placement,
  ports,
  resources,
}: ServiceSpec): PlacementRequest {
  const { constraints, spread } = placement;
  return { service, provider, constraints, spread, ports: fixedPorts({ ports }), resources };
}

/** A slot, what is there, and where its siblings are. */
interface SlotNow extends WantedSlot {
  readonly present: PlacementRecord | undefined;
  readonly siblings: readonly NodeId[];
  /** Of the service, in this pass. */
  readonly updates: { left: number };
}

function decideOn(
  pass: Pass,
  wanted: DesiredService,
  { slot, only, present, siblings, updates }: SlotNow,
): Decision | undefined {
  const { spec, uid, specStamp } = wanted;
  const isUnchanged = isPlaced(wanted, present);
  const there = present?.node == null ? undefined : pass.byId.get(present.node);
  const missedForMs = present?.node == null ? 0 : pass.missedForMs(present.node);
  const lostMs = lostInMs(there, spec.restartGraceMs, missedForMs);
  const isToMove = there?.state === "alive" && there.isDrained === true;
  const refusal = present && wanted.observe(present).refusal;
  if (isUnchanged && lostMs !== 0 && !isToMove && refusal === undefined) {
    return present === undefined ? undefined : takenOver(pass, wanted, present);
  }
  const portHolder: PortHolder = (node, port) =>
    pass.given.get(portKey(node, port)) ?? pass.portHolder(node, port);
  // What it comes in the place of has ended by then, unless that is what it takes over from.
  const reservedOn = reservedBesides(pass, present?.instance);
  const request = { ...requestFor(spec), only, siblings, portHolder, reservedOn };
  const anew = (epoch: number, at: Partial<PlacementRequest> = {}): Placing => {
    const outcome = place({ ...request, ...at }, pass.nodes, ({ id }) => pass.load.get(id) ?? 0);
    const placement = placementOf(pass.self, wanted, { slot, epoch }, outcome);
    return "node" in outcome
      ? { kind: "place", placement, choice: outcome.choice }
      : { kind: "place", placement };
  };
  if (present === undefined || present.uid !== uid) return anew(1);
  const epoch = present.epoch.counter + 1;
  if (present.node === null) {
    const decision = anew(epoch);
    return isAsBefore(decision.placement, present) ? undefined : decision;
  }
  // A job is not run again, and what nothing is to run of stays: elsewhere it would begin anew.
  const isToStay = isUnchanged && (wanted.observe(present).isIdle || spec.restart.when === "none");
  if (lostMs === 0 || (isToMove && isUnchanged)) {
    if (isToStay) return undefined;
    const moved = anew(epoch);
    // What no other node can take is left to its node: it may come back, or is drained in vain.
    if (moved.placement.node === null) return undefined;
    return isToMove ? takingOver(wanted, moved, present) : moved;
  }
  if (there?.state !== "alive") return undefined;
  if (isUnchanged && refusal !== undefined) {
    const refused = { node: there.id, reason: refusal };
    const moved = takingOver(wanted, anew(epoch, { refused }), present);
    if (moved.placement.node !== null) return moved;
    // What it is to take over from runs on. And what no one but its node knows of, that tells it the end of.
    const isToWait = present.outgoing !== undefined || missingRoom(request, there).length === 0;
    return isToWait ? undefined : moved;
  }
  const { isIdle, isReady, needsNewTask } = wanted.observe(present);
  const toStay = { ...request, present: there.id, ...(isIdle && { resources: noResources }) };
  const whyNot = reasonsAgainst(toStay, there);
  // It cannot stay: another instance takes its place elsewhere.
  if (whyNot.length > 0) {
    const moved = takingOver(wanted, anew(epoch), present);
    // For want of room alone it is left as it is until there is some.
    const isToWait = missingRoom(toStay, there).length === whyNot.length;
    return isToWait && moved.placement.node === null ? undefined : moved;
  }
  if (isReady && needsNewTask) {
    if (updates.left <= 0) return undefined;
    updates.left -= 1;
    if (spec.update.order === "start-first") {
      const both = { present: there.id, reservedOn: reservedBesides(pass, undefined) };
      const begun = anew(epoch, both);
      return begun.placement.node === null ? undefined : takingOver(wanted, begun, present);
    }
  }
  // Its tasks are the other provider's, to be ended by it: they are of another instance.
  if (present.provider !== undefined && present.provider !== spec.provider) {
    return anew(epoch, { present: there.id });
  }
  const next = { counter: epoch, controller: pass.self };
  const placement = { ...present, provider: spec.provider, specStamp, epoch: next };
  return { kind: "place", placement, choice: { kind: "present" } };
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
  outcome: Placed,
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
  return canonicalText({ ...next, instance, epoch }) === canonicalText(present);
}

/** What is reserved on a node, an instance that ends before its successor begins aside. */
function reservedBesides({ booked }: Pass, instance: InstanceId | undefined) {
  return (node: NodeId): Resources => booked().on(node, instance);
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

function portKey(node: NodeId | null, port: number): string {
  return `${node} ${port}`;
}

function addLoad(load: Map<NodeId, number>, node: NodeId | null | undefined, by: 1 | -1): void {
  if (node != null) load.set(node, (load.get(node) ?? 0) + by);
}
