/**
 * What a user is told of a service: wish, placement, status and view put together. The same on every
 * node that holds the same records.
 */
import { NotFound } from "../core/errors.ts";
import { asServiceName, type NodeId, type ServiceName } from "../core/ids.ts";
import { isLive } from "../membership/view.ts";
import { partOf } from "../services/group-members.ts";
import { groupSpecToJson } from "../services/group-spec.ts";
import { type Desired, isOutlived } from "../services/instance.ts";
import {
  type Handle,
  type InstanceStatus,
  isChecked,
  type Phase,
  type TaskExit,
} from "../services/instance-status.ts";
import { refusalsText, waitsText } from "../services/placement-text.ts";
import type { Ports } from "../services/ports.ts";
import type { PlacementRecord } from "../services/records.ts";
import type { ServiceSpec } from "../services/spec.ts";
import { localVolumes } from "../services/volumes.ts";
import type { Catalog, Service } from "./catalog.ts";
import { mayHaveTask, type ToldThere, toldThere } from "./engine-absence.ts";
import { waitingOf } from "./group-view.ts";
import { outOfReach, standingOf } from "./volume-view.ts";
import { wishOf } from "./wish-view.ts";

export interface InstanceInfo extends ToldThere {
  readonly name: ServiceName;
  readonly group: string;
  readonly instance: PlacementRecord["instance"] | null;
  readonly slot: number;
  readonly node: NodeId | null;
  readonly provider: string;
  readonly state: Phase;
  readonly healthy: boolean | null;
  readonly handle: Handle;
  /** Of its node, by name. */
  readonly ports: Ports;
  /** Of what runs it is asked whether it is healthy. */
  readonly isChecked: boolean;
  readonly exit?: TaskExit;
  readonly restarts: number;
  /** Wall clock, ms; 0 where nothing has happened yet. */
  readonly since: number;
  readonly generation: number;
  readonly epoch: number;
  /** Since when it is paused: wall clock, ms. Absent: it is not. */
  readonly pausedSince?: number;
  /** Nothing more comes of what was last wished until something else happens. */
  readonly isSettled: boolean;
  /** It is what was last wished, as far as is known; a job that is done is, and what has failed is not. */
  readonly isAsWanted: boolean;
}

/** A service, as it was deployed. */
export interface ServiceInfo {
  readonly group: string;
  /** As a user could have written it. */
  readonly spec: unknown;
  readonly wanted: "running" | "stopped";
  readonly generation: number;
  /** In order of slots. */
  readonly instances: readonly InstanceInfo[];
}

/** What is deployed under a name, of a service or of a group, and what became of it. @throws NotFound */
export function serviceInfo(catalog: Catalog, name: string): ServiceInfo {
  const [first] = catalog.servicesUnder(name);
  if (first === undefined) throw new NotFound(`there is no service ${name}`);
  const { name: group, spec, generation } = first.record;
  const part = partOf(spec, asServiceName(name)) ?? spec;
  const { run: wanted } = catalog.runState(first.record);
  const instances = instancesUnder(catalog, name);
  return { group, spec: groupSpecToJson(part), wanted, generation, instances };
}

/** Those of the services of that full name, or in the group of that name. */
export function instancesUnder(catalog: Catalog, name: string): readonly InstanceInfo[] {
  return catalog.servicesUnder(name).flatMap((service) => instanceInfos(catalog, service));
}

/** Every instance that a service has or is to have, in order of slots. */
export function instanceInfos(catalog: Catalog, service: Service): readonly InstanceInfo[] {
  const { uid } = service.record;
  const { name, instances } = service.member.spec;
  const placed = catalog.placementsOf(name).filter((placement) => placement.uid === uid);
  // Of one that is to be everywhere, one tells that none is placed yet.
  const count = instances !== "everywhere" ? instances : placed.length === 0 ? 1 : 0;
  const slots = new Set(placed.map(({ slot }) => slot));
  const missing = Array.from({ length: count }, (_, slot) => slot).filter((n) => !slots.has(n));
  const infos = [
    ...placed.map((placement) => instanceInfo(catalog, service, placement.slot, placement)),
    ...missing.map((slot) => instanceInfo(catalog, service, slot, undefined)),
  ];
  return missing.length === 0 ? infos : infos.sort((a, b) => a.slot - b.slot);
}

function instanceInfo(
  catalog: Catalog,
  service: Service,
  slot: number,
  placement: PlacementRecord | undefined,
): InstanceInfo {
  const { name: group, generation } = service.record;
  const { spec } = service.member;
  const status = placement === undefined ? undefined : catalog.status(placement.instance);
  const common = {
    name: spec.name,
    group,
    instance: placement?.instance ?? null,
    slot,
    node: placement?.node ?? null,
    provider: spec.provider,
    isChecked: isChecked(status ?? {}, spec),
    generation,
    epoch: placement?.epoch.counter ?? 0,
  };
  if (placement === undefined || placement.node === null || status === undefined) {
    const isSettled = placement?.node === null;
    const isAsWanted = isSettled && catalog.runState(service.record).run === "stopped";
    return { ...common, ...unstarted(placement), isSettled, isAsWanted };
  }
  const { node, provider: type = spec.provider } = placement;
  return {
    ...common,
    ...waits(placement),
    ...seen(catalog, spec, { node, type }, status),
    isSettled: isSettled(catalog, service, placement, status),
    isAsWanted: isAsWanted(catalog, service, placement, status),
  };
}

/** What is told of one that runs as it was, where it has nothing else to tell. */
function waits({ refusals }: PlacementRecord): Pick<InstanceInfo, "reason"> {
  return refusals.length === 0 ? {} : { reason: waitsText(refusals) };
}

type Observed = Pick<
  InstanceInfo,
  | "state"
  | "healthy"
  | "handle"
  | "ports"
  | "exit"
  | "restarts"
  | "since"
  | "pausedSince"
  | keyof ToldThere
>;

function unstarted(placement: PlacementRecord | undefined): Observed {
  const reason =
    placement === undefined
      ? "is yet to be placed"
      : placement.node === null
        ? refusalsText(placement.refusals)
        : "its node has yet to take it up";
  return { state: "pending", healthy: null, handle: {}, ports: {}, restarts: 0, since: 0, reason };
}

/** The status as its node told it; of a node that is not heard of, no one knows the present one. */
function seen(
  catalog: Catalog,
  { volumes }: Pick<ServiceSpec, "volumes">,
  { node, type }: { readonly node: NodeId; readonly type: string },
  status: InstanceStatus,
): Observed {
  const { state, healthy, handle = {}, exit, restarts, since, pausedAt } = status;
  const ports = state === "running" ? (status.ports ?? {}) : {};
  const observed = { state, healthy, handle, ports, restarts, since };
  const member = catalog.member(node);
  const told = { ...observed, ...(exit && { exit }) };
  const paused = pausedAt !== undefined && { pausedSince: pausedAt };
  if (member !== undefined && isLive(member)) {
    return { ...told, ...paused, ...toldThere(member, type, status) };
  }
  const where = `its node ${catalog.nodeName(node)} ${standingOf(catalog, node)}`;
  if (member?.state === "away") {
    const why = mayHaveTask(state) ? `${where}; its tasks run on` : status.reason;
    return { ...told, ...paused, ...(why !== undefined && { reason: why }) };
  }
  // It runs there alone: it waits for its node, whatever became of its task.
  const why = outOfReach(catalog, localVolumes(volumes));
  if (why !== undefined) return { ...told, state: "pending", healthy: null, reason: why };
  return {
    ...told,
    ...(member === undefined && { handle: {} }),
    state: "lost",
    healthy: null,
    reason: `${where}; it was ${state} when last heard of`,
  };
}

function isSettled(
  catalog: Catalog,
  service: Service,
  { node, slot }: PlacementRecord,
  status: InstanceStatus,
): boolean {
  const member = node === null ? undefined : catalog.member(node);
  if (member === undefined || !isLive(member)) return true;
  const wish = wishOf(catalog, service, slot);
  if (status.state === "pending") {
    // What its group starts next is about to be started.
    const own = { service: service.member.spec.name, slot };
    return wish.inGroup === undefined || waitingOf(catalog, wish, own).length > 0;
  }
  if (status.state === "starting" || status.state === "stopping") return false;
  if (isOutlived(status, wish)) return false;
  if (wish.run === "stopped") return status.state === "stopped";
  // Of one that is checked it is not known yet whether it does its work; one that is paused is not checked.
  const isLookedAt = isChecked(status, wish.spec) && status.pausedAt === undefined;
  const isUnknown = status.healthy === null && isLookedAt;
  if (isUnknown && status.state === "running") return false;
  return isOfWish(status, wish);
}

/** Of one whose node is away it is what was last heard of it; of one that is lost, what may run there is not wanted. */
function isAsWanted(
  catalog: Catalog,
  service: Service,
  placement: PlacementRecord,
  status: InstanceStatus,
): boolean {
  if (!isSettled(catalog, service, placement, status)) return false;
  const wish = wishOf(catalog, service, placement.slot);
  const { state, healthy } = status;
  if (wish.run === "stopped") return state === "stopped" || state === "pending";
  const isThere = placement.node !== null && isKnownToRun(catalog, placement.node);
  if (!isThere || !isOfWish(status, wish)) return false;
  return state === "done" || (state === "running" && healthy !== false);
}

/** What is on a node runs, as far as is known: it lives, or has only gone away. */
function isKnownToRun(catalog: Catalog, node: NodeId): boolean {
  const member = catalog.member(node);
  return member !== undefined && (isLive(member) || member.state === "away");
}

function isOfWish(status: InstanceStatus, wish: Desired): boolean {
  return (
    status.specStamp === wish.specStamp &&
    status.runStamp === wish.runStamp &&
    status.restartStamp === wish.restartStamp
  );
}
