/**
 * One pass of the controller over the catalog: what is to be written so that every service is placed
 * where `services/reconcile.ts` decides, and nothing is placed that is no longer deployed.
 */
import type { NodeId, ServiceName } from "../core/ids.ts";
import { isLive, type Member, type ProviderFact } from "../membership/view.ts";
import {
  type Decision,
  type DesiredService,
  isPlaced,
  type Observed,
} from "../services/decision.ts";
import { membersOf } from "../services/group-members.ts";
import { isReady } from "../services/instance-status.ts";
import { keys } from "../services/keys.ts";
import { lostInMs } from "../services/loss.ts";
import type { Candidate, PortHolder, ProviderOffer } from "../services/placement.ts";
import { fixedPorts } from "../services/ports.ts";
import { reconcile } from "../services/reconcile.ts";
import type { PlacementRecord } from "../services/records.ts";
import { taskDigest } from "../services/task-digest.ts";
import { isAstray } from "../services/volumes.ts";
import type { Entry } from "../store/replication.ts";
import type { Catalog, Service } from "./catalog.ts";
import type { PlacementTable } from "./placement-table.ts";
import { bookingsIn, isIdle, waitingIn } from "./reservations.ts";
import type { Progress, Rollouts, UpdatedInstance } from "./rollouts.ts";
import { volumeHomes } from "./volume-view.ts";

export interface PlacementPass {
  /** To be written. */
  readonly entries: readonly Entry[];
  /** What the entries place. */
  readonly placed: readonly PlacementRecord[];
  /** What they place on another node than before, since that one is lost to it. */
  readonly takenOver: readonly TakenOver[];
  /** In how many ms to look again though nothing changes: a node's grace or an update's time is over then. */
  readonly lookAgainMs: number | undefined;
  /** Updates that have failed. */
  readonly failed: readonly FailedUpdate[];
}

export interface FailedUpdate {
  readonly group: ServiceName;
  /** That could not be updated. */
  readonly service: ServiceName;
  readonly reason: string;
}

export interface TakenOver {
  readonly service: ServiceName;
  /** Names of nodes. */
  readonly from: string;
  readonly to: string;
}

export interface PassOptions {
  readonly catalog: Catalog;
  readonly self: NodeId;
  /** Whether this node decides for a name. */
  readonly owns: (name: string) => boolean;
  /**
   * Placements that are being written: left alone, and counted where they will be. Without them,
   * services deployed at once would all go to the node that had the fewest before.
   */
  readonly underway: PlacementTable;
  /** For how long a node has been away, or not known though something is placed on it, ms. */
  readonly absentForMs: (node: NodeId) => number;
  readonly rollouts: Rollouts;
  /** Of the monotonic clock. */
  readonly nowMs: number;
}

/** @param changed the groups to look at; undefined: all */
export function placementPass(
  options: PassOptions,
  changed: ReadonlySet<string> | undefined,
): PlacementPass {
  const { catalog, self, owns, underway, absentForMs, rollouts } = options;
  const looked =
    changed === undefined
      ? catalog.services()
      : [...changed].flatMap((name) => catalog.servicesUnder(name));
  let lookAgainMs: number | undefined;
  const lookIn = (ms: number) => {
    lookAgainMs = Math.min(ms, lookAgainMs ?? ms);
  };
  const volumeHome = volumeHomes(catalog);
  const isHeld = (service: Service): boolean => {
    const { uid } = service.record;
    const { stamp: specStamp, member } = service;
    const { name, instances, restartGraceMs } = member.spec;
    const present = catalog.placementsOf(name);
    // Whether each node has one is seen by looking at the nodes.
    if (instances === "everywhere" || present.length !== instances) return false;
    if (rollouts.has(name) || isComing(catalog, service)) return false;
    return present.every((placement, slot) => {
      if (placement.slot !== slot || !isPlaced({ uid, specStamp }, placement)) return false;
      if (placement.outgoing !== undefined) return false;
      if (isAstray(volumeHome, member.spec, placement.node)) return false;
      if (catalog.status(placement.instance)?.refusal !== undefined) return false;
      const node = placement.node === null ? undefined : catalog.member(placement.node);
      if (node !== undefined && catalog.isDrained(node.id)) return false;
      const forMs = placement.node === null ? 0 : absentForMs(placement.node);
      const lossMs = lostInMs(node && { ...node, awayForMs: forMs }, restartGraceMs, forMs);
      if (lossMs === 0) return false;
      if (lossMs !== undefined) lookIn(lossMs);
      return true;
    });
  };
  // Most of what changes is statuses: the whole network is looked at for what has yet to be placed alone.
  const services = looked.filter((service) => {
    const { name } = service.member.spec;
    return owns(name) && underway.of(name).length === 0 && !isHeld(service);
  });
  const orphans = orphansIn(catalog, changed).filter(({ service }) => owns(service));
  if (services.length === 0 && orphans.length === 0) {
    return { entries: [], placed: [], takenOver: [], lookAgainMs, failed: [] };
  }
  const failed: FailedUpdate[] = [];
  const decisions = reconcile({
    self,
    services: services.map((service) => {
      const wanted = desiredService(catalog, service);
      const progress = progressOf(options, service, wanted);
      if (progress === undefined) return wanted;
      if (progress.lookAgainMs !== undefined) lookIn(progress.lookAgainMs);
      const { failure: reason, updatesMax } = progress;
      if (reason !== undefined) {
        failed.push({ group: service.record.name, service: wanted.spec.name, reason });
      }
      const observe = (placement: PlacementRecord) => ({
        ...wanted.observe(placement),
        hasTakenOver: progress.done.has(placement.instance),
      });
      return { ...wanted, observe, updatesMax: reason === undefined ? updatesMax : 0 };
    }),
    nodes: candidatesOf(catalog, { underway, absentForMs }),
    portHolder: portHolders(catalog),
    volumeHome,
    bookings: () => bookingsIn(catalog, underway),
    waiting: () => waitingIn(catalog, new Set(services.map(({ member }) => member.spec.name))),
    missedForMs: absentForMs,
  });
  const entries = [
    ...decisions.map(entryFor),
    ...orphans.map(({ service, slot }) => ({ key: keys.placement(service, slot) })),
  ];
  const placed = decisions.filter(({ kind }) => kind === "place").map(({ placement }) => placement);
  const takenOver = placed.flatMap((placement) => takeOverOf(catalog, placement) ?? []);
  return { entries, placed, takenOver, lookAgainMs, failed };
}

/**
 * What is placed, and is no service any more. Where its whole group is gone that may be what is not known
 * yet: it is seen to when everything is looked at.
 */
function orphansIn(
  catalog: Catalog,
  changed: ReadonlySet<string> | undefined,
): readonly PlacementRecord[] {
  const isGone = ({ service }: PlacementRecord) => catalog.service(service) === undefined;
  if (changed === undefined) return catalog.placements().filter(isGone);
  return [...changed].flatMap((name) => {
    const uid = catalog.group(name)?.record.uid;
    return catalog.placementsIn(name).filter((one) => one.uid === uid && isGone(one));
  });
}

/** Of an update that is under way, or begins now; undefined: there is none. */
function progressOf(
  { catalog, rollouts, nowMs }: PassOptions,
  service: Service,
  { spec, uid, specStamp, present, observe }: DesiredService,
): Progress | undefined {
  const { name } = spec;
  const isChecked = spec.health !== undefined;
  // What is on a node that cannot be asked is not waited for.
  const placed = present.filter((placement) => {
    const member = placement.node === null ? undefined : catalog.member(placement.node);
    return placement.uid === uid && member !== undefined && isLive(member);
  });
  const isUpdated = (placement: PlacementRecord) => placement.specStamp === specStamp;
  const begins = placed.some((placement) => {
    const { isReady: runs, needsNewTask } = observe(placement);
    return !isUpdated(placement) && runs && needsNewTask;
  });
  const isStopped = catalog.runState(service.record).run === "stopped";
  const isJob = spec.restart.when === "none";
  if (isStopped || isJob || (!begins && !rollouts.has(name) && !isComing(catalog, service))) {
    rollouts.forget(name);
    return undefined;
  }
  const instances = placed.map((placement): UpdatedInstance => {
    const status = catalog.status(placement.instance);
    const isOf = isUpdated(placement) && status?.specStamp === specStamp;
    return {
      instance: placement.instance,
      isUpdated: isUpdated(placement),
      isReady: isOf && (isReady(status, isChecked) || status.state === "done"),
      hasFailed: isOf && status.state === "failed",
    };
  });
  return rollouts.follow(name, specStamp, spec.update, instances, nowMs);
}

/** An update has brought it into its group, and it has yet to be started: until it is ready, that may fail. */
function isComing(catalog: Catalog, { record, stamp, member }: Service): boolean {
  const { name } = member.spec;
  const { previous, uid } = record;
  if (previous === undefined || membersOf(previous.spec).has(name)) return false;
  return catalog.placementsOf(name).some(({ instance, node, ...placement }) => {
    const isPresent = placement.uid === uid && placement.specStamp === stamp && node !== null;
    return isPresent && (catalog.status(instance)?.attempt ?? 0) === 0;
  });
}

/** What is deployed, and where it is now. */
export function desiredService(
  catalog: Catalog,
  { record: group, stamp: specStamp, member: { spec } }: Service,
): DesiredService {
  const task = taskDigest(spec);
  const isChecked = spec.health !== undefined;
  const observe = ({ instance }: PlacementRecord): Observed => {
    const status = catalog.status(instance);
    return {
      isIdle: isIdle(catalog, group, instance),
      isReady: status !== undefined && isReady(status, isChecked),
      refusal: status?.refusal,
      hasTakenOver: status !== undefined && (isReady(status, isChecked) || status.state === "done"),
      needsNewTask: status !== undefined && status.task !== task,
    };
  };
  const present = catalog.placementsOf(spec.name);
  const updatesMax = Number.POSITIVE_INFINITY;
  return { spec, uid: group.uid, specStamp, present, observe, updatesMax };
}

function takeOverOf(
  catalog: Catalog,
  { service, slot, uid, node }: PlacementRecord,
): TakenOver | undefined {
  const before = catalog.placement(service, slot);
  if (before?.uid !== uid || before.node === null || node === null || before.node === node) {
    return undefined;
  }
  const nameOf = (id: NodeId) => catalog.member(id)?.name ?? id;
  return { service, from: nameOf(before.node), to: nameOf(node) };
}

/** Forgets what is under way of these groups, or of all, and is in the catalog by now. */
export function dropArrived(
  underway: PlacementTable,
  catalog: Catalog,
  changed: ReadonlySet<string> | undefined,
): void {
  const written =
    changed === undefined ? underway.all() : [...changed].flatMap((name) => underway.inGroup(name));
  for (const { service, slot, epoch } of written) {
    const arrived = catalog.placement(service, slot)?.epoch.counter;
    if (arrived !== undefined && arrived >= epoch.counter) underway.set(service, slot, undefined);
  }
}

/** What has fixed ports of nodes by its placement. Looked up once something asks: few services have any. */
export function portHolders(catalog: Catalog): PortHolder {
  let holders: ReadonlyMap<string, ServiceName> | undefined;
  return (node, port) => {
    holders ??= new Map(
      catalog.placements().flatMap(({ service, node: at }) => {
        const spec = catalog.service(service)?.member.spec;
        const ports = spec === undefined ? [] : fixedPorts(spec);
        return ports.map((held): [string, ServiceName] => [`${at} ${held}`, service]);
      }),
    );
    return holders.get(`${node} ${port}`);
  };
}

/** Every node known, as one to be picked. `underway` counts with what is placed there. */
export function candidatesOf(
  catalog: Catalog,
  { underway, absentForMs }: Partial<Pick<PassOptions, "underway" | "absentForMs">> = {},
): readonly Candidate[] {
  return catalog.view.members.map((member) => {
    const { id } = member;
    const instances = catalog.instancesOn(id) + (underway?.countOn(id) ?? 0);
    const isDrained = catalog.isDrained(id);
    return { ...candidateOf(member, instances, absentForMs?.(id) ?? 0), isDrained };
  });
}

/** To be written of a placement. */
export function entryOf(placement: PlacementRecord): Entry & { readonly value: PlacementRecord } {
  return { key: keys.placement(placement.service, placement.slot), value: placement };
}

function entryFor({ kind, placement }: Decision): Entry {
  const entry = entryOf(placement);
  return kind === "place" ? entry : { key: entry.key };
}

function candidateOf(
  { id, name, state, flapping, facts }: Member,
  instances: number,
  awayForMs: number,
): Candidate {
  const offers = facts.providers.map((fact): [string, ProviderOffer] => [fact.type, offerOf(fact)]);
  const providers = new Map(offers);
  return {
    id,
    name,
    state,
    isFlapping: flapping === true,
    awayForMs,
    labels: facts.labels,
    providers,
    instances,
    capacity: facts.capacity,
  };
}

function offerOf({ available, reason, features, lacks }: ProviderFact): ProviderOffer {
  if (!available) return { available, reason: reason ?? "no reason given" };
  const hasVolumes = features?.includes("volumes") === true;
  const offer = { available, hasVolumes, noIsolation: lacks?.["isolation"] };
  if (features?.includes("limits")) return offer;
  return { ...offer, noLimits: lacks?.["limits"] ?? "it has no such thing" };
}
