/**
 * The controller's pass: compares what is wanted with where it is placed, and decides which placement
 * records to write. Pure and idempotent: applied to its own outcome it decides nothing. It may run at
 * any time, on any part of the services; what it needs of the past is in the records.
 */
import { createHash } from "node:crypto";
import { asInstanceId, type InstanceId, type NodeId, type ServiceName } from "../core/ids.ts";
import type { Stamp } from "./instance-status.ts";
import { keys } from "./keys.ts";
import {
  type Candidate,
  type Choice,
  type Placed,
  type PlacementRequest,
  place,
  reasonsAgainst,
} from "./placement.ts";
import { canonicalText } from "./plain-data.ts";
import type { GroupRecord, PlacementRecord } from "./records.ts";

/** A group that this controller decides for. */
export interface DesiredGroup {
  readonly group: GroupRecord;
  /** Of the group's record. */
  readonly specStamp: Stamp;
  /** Its creation was removed. */
  readonly removed: boolean;
  /** Nothing of it is to run: stopped by a user, or ended for good. It stays, whatever becomes of its node. */
  readonly isIdle: boolean;
}

export interface ReconcileInput {
  readonly self: NodeId;
  /** Only of the groups in here is anything decided. */
  readonly groups: readonly DesiredGroup[];
  /** Where they are now. */
  readonly placements: readonly PlacementRecord[];
  /** Every node known, with the instances of whatever group that are placed on it now. */
  readonly nodes: readonly Candidate[];
}

export type Decision =
  /** To be written over what is there under its key. `choice`: why there, where a node can take it. */
  | { readonly kind: "place"; readonly placement: PlacementRecord; readonly choice?: Choice }
  /** To be removed from the store. */
  | { readonly kind: "withdraw"; readonly placement: PlacementRecord };

/** In the order of the services' names, whatever the order of the input. */
export function reconcile(input: ReconcileInput): readonly Decision[] {
  const load: Load = new Map(input.nodes.map(({ id, instances }) => [id, instances]));
  const bySlot = new Map(input.placements.map((placement) => [slotKey(placement), placement]));
  const groups = input.groups.toSorted((a, b) => (a.group.name < b.group.name ? -1 : 1));
  return groups.flatMap((wanted) => {
    const present = bySlot.get(slotKey({ service: wanted.group.name, slot: 0 }));
    const decision = decideOn(input, wanted, present, load);
    if (decision === undefined) return [];
    addLoad(load, present?.node, -1);
    if (decision.kind === "place") addLoad(load, decision.placement.node, 1);
    return [decision];
  });
}

/** Whether a wanted group is where it was to be: while its node lives, nothing is decided on it then. */
export function isPlaced(
  group: Pick<GroupRecord, "uid">,
  specStamp: Stamp,
  present: PlacementRecord | undefined,
): boolean {
  return present?.uid === group.uid && present.node !== null && present.specStamp === specStamp;
}

/**
 * In how many ms what is placed on `node` is lost to it, so that another takes it over: 0 where it is
 * already, undefined as long as it is not. A host that is silent or that no one knows is not waited for.
 * One whose node alone is gone has its tasks running, and is given its grace. A node that has left was
 * told that its tasks run on, and keeps them until it is forgotten.
 */
export function lostInMs(
  node: Pick<Candidate, "state" | "awayForMs"> | undefined,
  restartGraceMs: number,
): number | undefined {
  switch (node?.state) {
    case "alive":
    case "suspect":
    case "left":
      return undefined;
    case "away":
      return Math.max(0, restartGraceMs - (node.awayForMs ?? 0));
    case "dead":
    case undefined:
      return 0;
  }
}

type Load = Map<NodeId, number>;

function decideOn(
  input: ReconcileInput,
  wanted: DesiredGroup,
  present: PlacementRecord | undefined,
  load: Load,
): Decision | undefined {
  const { group, specStamp, removed, isIdle } = wanted;
  if (removed) {
    return present?.uid === group.uid ? { kind: "withdraw", placement: present } : undefined;
  }
  const isUnchanged = isPlaced(group, specStamp, present);
  const there = input.nodes.find(({ id }) => id === present?.node);
  const lostMs = lostInMs(there, group.spec.restartGraceMs);
  if (isUnchanged && lostMs !== 0) return undefined;
  const candidates = input.nodes.map((node) => ({ ...node, instances: load.get(node.id) ?? 0 }));
  const { provider, placement: wish } = group.spec;
  const request = { service: group.name, provider, constraints: wish.constraints };
  const anew = (epoch: number, at: Partial<PlacementRequest> = {}): Decision => {
    const outcome = place({ ...request, ...at }, candidates);
    const placement = placementOf(input.self, wanted, epoch, outcome);
    return "node" in outcome
      ? { kind: "place", placement, choice: outcome.choice }
      : { kind: "place", placement };
  };
  if (present === undefined || present.uid !== group.uid) return anew(1);
  const epoch = present.epoch.counter + 1;
  if (present.node === null) {
    const decision = anew(epoch);
    return isAsBefore(decision.placement, present) ? undefined : decision;
  }
  if (lostMs === 0) {
    // A job is not run again; what no other node can take is left to its node, which may come back.
    if (isUnchanged && (isIdle || group.spec.restart.when === "none")) return undefined;
    const takenOver = anew(epoch);
    return takenOver.placement.node === null ? undefined : takenOver;
  }
  const node = candidates.find(({ id }) => id === present.node);
  if (node?.state !== "alive") return undefined;
  // Another provider, which that node does not offer: another instance takes its place elsewhere.
  if (reasonsAgainst({ ...request, present: node.id }, node).length > 0) {
    return anew(epoch);
  }
  // Its tasks are the other provider's, to be ended by it: they are of another instance.
  if (present.provider !== undefined && present.provider !== provider) {
    return anew(epoch, { present: node.id });
  }
  const next = { counter: epoch, controller: input.self };
  const placement = { ...present, provider, specStamp, epoch: next };
  return { kind: "place", placement, choice: { kind: "present" } };
}

function placementOf(
  self: NodeId,
  { group, specStamp }: DesiredGroup,
  epoch: number,
  outcome: Placed,
): PlacementRecord {
  const node = "node" in outcome ? outcome.node : null;
  return {
    service: group.name,
    slot: 0,
    instance: instanceId(group.uid, 0, epoch, node),
    node,
    refusals: "node" in outcome ? [] : outcome.refusals,
    epoch: { counter: epoch, controller: self },
    uid: group.uid,
    specStamp,
    provider: group.spec.provider,
  };
}

/**
 * Not by chance: two nodes that take themselves for the controller, and pick the same node, make one
 * instance. If they pick two, there are two: one instance on two nodes would have one status.
 */
function instanceId(uid: string, slot: number, epoch: number, node: NodeId | null): InstanceId {
  const hash = createHash("sha256").update(`${uid}/${slot}/${epoch}/${node}`).digest("hex");
  return asInstanceId(hash.slice(0, 16));
}

/** Still no node, and for the same reasons. */
function isAsBefore(next: PlacementRecord, present: PlacementRecord): boolean {
  const { instance, epoch } = present; // A new one would come of a new epoch alone.
  return canonicalText({ ...next, instance, epoch }) === canonicalText(present);
}

function addLoad(load: Load, node: NodeId | null | undefined, instances: number): void {
  if (node != null) load.set(node, (load.get(node) ?? 0) + instances);
}

function slotKey({ service, slot }: { service: ServiceName; slot: number }): string {
  return keys.placement(service, slot);
}
