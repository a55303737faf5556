/** What the decisions on the slots of one pass share, and what a slot asks of its node. */
import type { InstanceId, NodeId, ServiceName } from "../core/ids.ts";
import type { Resources } from "../core/resources.ts";
import type { Bookings } from "./bookings.ts";
import type { Claims } from "./claims.ts";
import { type DesiredService, type ReconcileInput, requestFor } from "./decision.ts";
import type { Candidate, PlacementRequest, PortHolder } from "./eligibility.ts";
import type { PlacementRecord } from "./records.ts";
import type { WantedSlot } from "./slots.ts";

/** What all decisions of a pass share. */
export interface Pass extends ReconcileInput {
  readonly byId: ReadonlyMap<NodeId, Candidate>;
  /** Instances on each node, with what was decided so far. */
  readonly load: Map<NodeId, number>;
  /** What was given a port of a node in this pass. */
  readonly given: Map<string, ServiceName>;
  /** What is reserved, with what was decided so far. */
  readonly booked: () => Bookings;
  /** What room is kept for, of what waits. */
  readonly claims: Claims;
}

/** A slot, what is there, and where its siblings are. */
export interface SlotNow extends WantedSlot {
  readonly present: PlacementRecord | undefined;
  readonly siblings: readonly NodeId[];
  /** Of the service, in this pass. */
  readonly updates: { left: number };
}

export function requestOf(
  pass: Pass,
  { spec }: DesiredService,
  { only, siblings, present }: SlotNow,
): PlacementRequest {
  const portHolder: PortHolder = (node, port) =>
    pass.given.get(portKey(node, port)) ?? pass.portHolder(node, port);
  // What it comes in the place of has ended by then, unless that is what it takes over from.
  const reservedOn = reservedBesides(pass, present?.instance);
  const claimOn = (node: NodeId) => pass.claims.on(node, spec.priority);
  const volumes = pass.volumeHome && { volumeHome: pass.volumeHome };
  return { ...requestFor(spec), only, siblings, portHolder, reservedOn, claimOn, ...volumes };
}

/** What is reserved on a node, an instance that ends before its successor begins aside. */
export function reservedBesides({ booked }: Pass, instance: InstanceId | undefined) {
  return (node: NodeId): Resources => booked().on(node, instance);
}

/** For `given` of a pass. */
export function portKey(node: NodeId | null, port: number): string {
  return `${node} ${port}`;
}
