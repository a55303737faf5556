/**
 * Former instances of a slot, which another has taken the place of: they run on beside that as long as nobody who
 * knows of them has decided that they end; and what is placed where one of them ran may have to wait for its end.
 */
import type { InstanceId, NodeId } from "../core/ids.ts";
import { isLive } from "../membership/view.ts";
import { type PlacementRecord, runsOn } from "../services/records.ts";
import { groupOf } from "../services/service-name.ts";
import type { Catalog } from "./catalog.ts";
import type { HeldInstances } from "./held-instances.ts";
import { wishHere } from "./wish-view.ts";

/** An instance, by what it was placed by. */
export type FormerInstance = Pick<PlacementRecord, "service" | "slot" | "uid" | "instance">;

/**
 * The placement of its slot, beside which a former instance runs on as it is: it takes over from that, or was
 * written by one who had not heard of it. Undefined: it is to end, or nothing is to run any more.
 */
export function runningBeside(
  catalog: Catalog,
  { service: name, slot, uid, instance }: FormerInstance,
): PlacementRecord | undefined {
  const placement = catalog.placement(name, slot);
  const group = catalog.service(name)?.record;
  if (placement === undefined || placement.uid !== uid || group?.uid !== uid) return undefined;
  if (placement.instance === instance || !runsOn(placement, instance)) return undefined;
  // It was stopped by those who knew of it: it is none of several that run, and would be left for ever.
  if (catalog.status(instance)?.state === "stopped") return undefined;
  return catalog.runState(group).run === "stopped" ? undefined : placement;
}

/** Whether an instance is placed on this node, or runs on here beside the one that is placed. */
export function isToRun(catalog: Catalog, instance: InstanceId): boolean {
  if (wishHere(catalog, instance) !== undefined) return true;
  const told = catalog.told(instance);
  // A version before this one did not tell the slot.
  const slot = told?.placed?.slot ?? catalog.placementNaming(instance)?.slot;
  if (told === undefined || slot === undefined) return false;
  return runningBeside(catalog, { ...told, slot }) !== undefined;
}

/** Those that are to run on beside a placement, on one node. */
export function formerOn(
  catalog: Catalog,
  { service, slot, outgoing, instance: placed }: PlacementRecord,
  node: NodeId,
): readonly FormerInstance[] {
  // Nearly always: asked of every instance there is.
  const isOnlyOne = catalog.statusesOf(service, slot).every(({ instance }) => instance === placed);
  if (isOnlyOne && outgoing === undefined) return none;
  const known = outgoing === undefined ? undefined : catalog.told(outgoing.instance);
  const told = new Set([...catalog.statusesOf(service, slot), ...(known ? [known] : [])]);
  return [...told]
    .filter((one) => one.node === node)
    .map(({ uid, instance }) => ({ service, slot, uid, instance }))
    .filter((former) => runningBeside(catalog, former) !== undefined);
}

const none: readonly FormerInstance[] = [];

/** What takes the place of another instance here, or is to begin after it, waits until nothing of that is left. */
export function hasPredecessor(
  catalog: Catalog,
  held: HeldInstances,
  { service, slot, uid, outgoing, after }: PlacementRecord,
): boolean {
  if (after !== undefined && catalog.status(after.instance) !== undefined) {
    const there = catalog.member(after.node);
    if (there !== undefined && isLive(there)) return true;
  }
  return held
    .heeding([groupOf(service)])
    .some(
      ({ placement: one }) =>
        one.service === service &&
        one.slot === slot &&
        one.uid === uid &&
        one.instance !== outgoing?.instance,
    );
}
