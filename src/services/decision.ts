/** What the controller's pass is told, and what it decides; the pass itself is `reconcile.ts`. */
import type { NodeId } from "../core/ids.ts";
import type { Booking } from "./bookings.ts";
import type { Copy } from "./copies.ts";
import type { Candidate, PlacementRequest, PortHolder } from "./eligibility.ts";
import type { Stamp } from "./instance-status.ts";
import { isIsolated } from "./isolation.ts";
import type { Choice } from "./placement.ts";
import { fixedPorts } from "./ports.ts";
import type { PlacementRecord } from "./records.ts";
import type { ServiceSpec } from "./spec.ts";
import { localVolumes, type VolumeHomeOf } from "./volumes.ts";

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

/** The instances of a slot that run, as the nodes tell and the one who decides has seen it. */
export interface CopiesSeen {
  /** On live nodes: that of the placement, and those that run beside it. */
  readonly of: (placement: PlacementRecord) => readonly Copy[];
  /** For how long it has been so, ms. */
  readonly forMs: (placement: PlacementRecord) => number;
  /** Wall clock. */
  readonly nowMs: number;
}

export interface ReconcileInput {
  readonly self: NodeId;
  /** Only of the services in here is anything decided. */
  readonly services: readonly DesiredService[];
  /** Every node known, with the instances of whatever service that are placed on it now. */
  readonly nodes: readonly Candidate[];
  readonly portHolder: PortHolder;
  /** Where volumes live; absent: there is none yet. */
  readonly volumeHome?: VolumeHomeOf;
  /** What is reserved on the nodes; asked for once, where something is to be placed that reserves anything. */
  readonly bookings?: () => Iterable<Booking>;
  /** Services that wait for room, whoever decides for them; asked for as `bookings` are. */
  readonly waiting?: () => Iterable<ServiceSpec>;
  /** For how long a node that is not among them has been missed, ms. */
  readonly missedForMs: (node: NodeId) => number;
  /** Absent: nothing is decided on copies, as for a plan. */
  readonly copies?: CopiesSeen;
}

export type Decision =
  /** To be written over what is there under its key. `choice`: why there, where a node can take it. */
  | { readonly kind: "place"; readonly placement: PlacementRecord; readonly choice?: Choice }
  /** To be removed from the store. */
  | { readonly kind: "withdraw"; readonly placement: PlacementRecord };

/** Whether an instance is where it was to be: while its node lives, nothing is decided on it then. */
export function isPlaced(
  { uid, specStamp }: Pick<DesiredService, "uid" | "specStamp">,
  present: PlacementRecord | undefined,
): boolean {
  return present?.uid === uid && present.node !== null && present.specStamp === specStamp;
}

/** What a service asks of the node that it is placed on. */
export function requestFor(spec: ServiceSpec): PlacementRequest {
  const { name: service, provider, placement, ports, volumes, resources } = spec;
  const { constraints, spread } = placement;
  const of = { service, provider, constraints, spread };
  const mounts = volumes.length > 0;
  const wants = { ports: fixedPorts({ ports }), volumes: localVolumes(volumes), mounts, resources };
  return { ...of, ...wants, ...(isIsolated(spec) && { isIsolated: true }) };
}
