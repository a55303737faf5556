/**
 * One pass of the controller over the catalog: what is to be written so that every service is placed
 * where `services/reconcile.ts` decides, and nothing is placed that is no longer deployed.
 */
import type { NodeId, ServiceName } from "../core/ids.ts";
import { type CopiesSeen, type Decision, isPlaced } from "../services/decision.ts";
import { keys } from "../services/keys.ts";
import { lostInMs } from "../services/loss.ts";
import { reconcile } from "../services/reconcile.ts";
import type { PlacementRecord } from "../services/records.ts";
import { isAstray } from "../services/volumes.ts";
import type { Entry } from "../store/replication.ts";
import { candidatesOf, portHolders } from "./candidates.ts";
import type { Catalog, Service } from "./catalog.ts";
import { copiesOf, hasCopies } from "./copy-view.ts";
import { type CopyWatch, copiesLookInMs } from "./copy-watch.ts";
import { desiredService, isComing } from "./desired-service.ts";
import type { PlacementTable } from "./placement-table.ts";
import { bookingsIn, waitingIn } from "./reservations.ts";
import type { Rollouts } from "./rollouts.ts";
import { progressOf } from "./update-progress.ts";
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
  readonly copyWatch: CopyWatch;
  /** Of the monotonic clock. */
  readonly nowMs: number;
  /** Of the wall clock. */
  readonly wallMs: number;
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
  if (changed === undefined) options.copyWatch.prune(options.nowMs);
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
      if (placement.outgoing !== undefined || placement.passedOver !== undefined) return false;
      if (hasCopies(catalog, placement)) return false;
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
    copies: copiesSeen(options, lookIn),
  });
  const entries = [
    ...decisions.map(entryFor),
    ...orphans.map(({ service, slot }) => ({ key: keys.placement(service, slot) })),
  ];
  const placed = decisions.filter(({ kind }) => kind === "place").map(({ placement }) => placement);
  const takenOver = placed.flatMap((placement) => takeOverOf(catalog, placement) ?? []);
  return { entries, placed, takenOver, lookAgainMs, failed };
}

/** What runs more than once, and for how long. @param lookIn told in how many ms to look again at what waits */
function copiesSeen(
  { catalog, copyWatch, nowMs, wallMs }: PassOptions,
  lookIn: (ms: number) => void,
): CopiesSeen {
  const of = (placement: PlacementRecord) => {
    const service = catalog.service(placement.service);
    return service === undefined ? [] : copiesOf(catalog, service, placement);
  };
  const forMs = (placement: PlacementRecord) => {
    const ms = copyWatch.forMs(placement, of(placement), nowMs);
    lookIn(copiesLookInMs(placement, ms));
    return ms;
  };
  return { of, forMs, nowMs: wallMs };
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

function takeOverOf(
  catalog: Catalog,
  { service, slot, uid, node }: PlacementRecord,
): TakenOver | undefined {
  const before = catalog.placement(service, slot);
  if (before?.uid !== uid || before.node === null || node === null || before.node === node) {
    return undefined;
  }
  return { service, from: catalog.nodeName(before.node), to: catalog.nodeName(node) };
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

/** To be written of a placement. */
export function entryOf(placement: PlacementRecord): Entry & { readonly value: PlacementRecord } {
  return { key: keys.placement(placement.service, placement.slot), value: placement };
}

function entryFor({ kind, placement }: Decision): Entry {
  const entry = entryOf(placement);
  return kind === "place" ? entry : { key: entry.key };
}
