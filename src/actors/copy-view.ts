/**
 * Copies of one slot, as the catalog tells: after a partition, or a return of a node that had been given up, several
 * nodes may run it. For the controller, who decides which one stays, and for the nodes, which tell and obey.
 */
import type { InstanceId } from "../core/ids.ts";
import { isLive } from "../membership/view.ts";
import type { Copy } from "../services/copies.ts";
import { isReady, lifeOf } from "../services/instance-status.ts";
import { copyText } from "../services/placement-text.ts";
import type { PlacedAs, PlacementRecord, StatusRecord } from "../services/records.ts";
import { taskDigest } from "../services/task-digest.ts";
import type { Catalog, Service } from "./catalog.ts";
import { type FormerInstance, runningBeside } from "./former-instances.ts";
import { wishOf } from "./wish-view.ts";

/** Whether an instance runs beside the one that is placed, and it is yet to be decided which one stays. */
export function hasCopies(catalog: Catalog, placement: PlacementRecord): boolean {
  const { service, slot, outgoing, instance } = placement;
  // Nearly always: asked of every service there is.
  if (catalog.statusesOf(service, slot).every((told) => told.instance === instance)) return false;
  return runningOf(catalog, placement).some((told) => {
    return told.instance !== instance && told.instance !== outgoing?.instance;
  });
}

/** The instances of a slot on live nodes: the one that is placed, and those that run beside it. */
export function copiesOf(
  catalog: Catalog,
  service: Service,
  placement: PlacementRecord,
): readonly Copy[] {
  const { spec } = service.member;
  const task = taskDigest(spec);
  const { inGroup, restartStamp } = wishOf(catalog, service, placement.slot);
  return runningOf(catalog, placement).map(({ instance, node, status, placed }) => {
    const { startedAt, state } = status;
    const isInLife = lifeOf(status) >= (inGroup?.life ?? 0);
    return {
      instance,
      node,
      isReady: isReady(status, spec),
      isCurrent: status.task === task && isInLife && status.restartStamp === restartStamp,
      specStamp: status.specStamp,
      ...(state === "running" && startedAt !== undefined && { startedAt }),
      placedUnder: placed.under,
      obeys: placed.obeys,
    };
  });
}

type Told = StatusRecord & { readonly placed: PlacedAs };

function runningOf(catalog: Catalog, placement: PlacementRecord): readonly Told[] {
  const { service, slot, uid } = placement;
  const all = catalog.statusesOf(service, slot);
  if (all.length === 0) return none;
  return all.flatMap((told): Told[] => {
    const { instance, status, placed } = told;
    const node = catalog.member(told.node);
    if (told.uid !== uid || placed === undefined || node === undefined || !isLive(node)) return [];
    if (instance === placement.instance) return [{ ...told, placed }];
    // One that is being ended anyway needs no decision; one that is started again is told of later.
    if (status.state === "stopping" || status.state === "stopped") return [];
    const former = { service, slot, uid, instance };
    return runningBeside(catalog, former) === undefined ? [] : [{ ...told, placed }];
  });
}

const none: readonly Told[] = [];

/** By which placements an instance on this node runs, to be told with its status. */
export function placedAs(catalog: Catalog, { instance, slot, epoch }: PlacementRecord): PlacedAs {
  const told = catalog.told(instance)?.placed;
  const obeyed = catalog.placementOf(instance)?.epoch.counter ?? told?.obeys ?? epoch.counter;
  return { slot, under: told?.under ?? epoch.counter, obeys: obeyed };
}

/** Counter of the epoch under which an instance is asked whether it runs; undefined: it is not, or has told. */
export function askedUnder(catalog: Catalog, instance: InstanceId): number | undefined {
  const placement = catalog.placementOf(instance);
  if (placement?.passedOver === undefined) return undefined;
  const { counter } = placement.epoch;
  return (catalog.told(instance)?.placed?.obeys ?? 0) < counter ? counter : undefined;
}

/** Why a copy was not kept, for people; undefined: it is to end for another reason. */
export function whyEnded(catalog: Catalog, { service, slot, instance }: FormerInstance) {
  const copies = catalog.placement(service, slot)?.endedCopies;
  const copy = copies?.find((one) => one.instance === instance);
  return copy && copyText(catalog.nodeName(copy.keptOn), copy.merit);
}

/** The copies that these placements end, and the catalog has not heard of, for operators. */
export function endedIn(catalog: Catalog, placements: readonly PlacementRecord[]) {
  return placements.flatMap(({ service, slot, endedCopies = [] }) => {
    const known = catalog.placement(service, slot)?.endedCopies?.map(({ instance }) => instance);
    return endedCopies
      .filter(({ instance }) => known?.includes(instance) !== true)
      .map(({ node, keptOn, merit }) => {
        const why = copyText(catalog.nodeName(keptOn), merit);
        return { service, slot, node: catalog.nodeName(node), why };
      });
  });
}
