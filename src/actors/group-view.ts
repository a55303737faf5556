/**
 * An instance among the others of its group, as they are known here: what is to end before it may be ended,
 * and what is to have ended, or run, before it may be started. What is on a node that cannot be asked is
 * not waited for.
 */
import type { ServiceName } from "../core/ids.ts";
import { isLive } from "../membership/view.ts";
import { type Waiting, waitingFor } from "../services/dependencies.ts";
import { type Desired, type InGroup, isOutlived, wantsRun } from "../services/instance.ts";
import type { InstanceStatus } from "../services/instance-status.ts";
import type { PlacementRecord } from "../services/records.ts";
import type { Catalog } from "./catalog.ts";
import { dependencyOn, placementsOf, servicesFor } from "./dependency-view.ts";

/** An instance, by its place. */
type SlotOf = Pick<PlacementRecord, "service" | "slot">;

/** Whether nothing of its group is to end before it: groups end in the reverse order of their start. */
export function mayEnd(catalog: Catalog, { inGroup }: Desired): boolean {
  return inGroup === undefined || !inGroup.before.some((name) => isToEnd(catalog, name));
}

/** What an instance that is held still waits for: what it requires, and its group. */
export function waitingOf(
  catalog: Catalog,
  { spec, inGroup }: Desired,
  own: SlotOf,
): readonly Waiting[] {
  const requires = spec.requires.flatMap((name) => servicesFor(catalog, name));
  return [
    ...waitingFor(requires, (name) => dependencyOn(catalog, name)),
    ...(inGroup === undefined ? [] : heldBy(catalog, inGroup, own)),
  ];
}

/** The first that it has yet to wait for, of those that are to end and of those that are started before it. */
function heldBy(catalog: Catalog, { after, before }: InGroup, own: SlotOf): readonly Waiting[] {
  const ending = [...after, own.service, ...before].find((name) => isToEnd(catalog, name, own));
  if (ending !== undefined) return [{ name: ending, why: "is yet to end" }];
  for (const name of after) {
    const waiting = waitingFor([name], (one) => dependencyOn(catalog, one));
    if (waiting.length > 0) return waiting;
  }
  return [];
}

/** Something of it runs, and is not to: for good, or in the life that it is in. */
function isToEnd(catalog: Catalog, name: ServiceName, own?: SlotOf): boolean {
  const service = catalog.service(name);
  if (service === undefined) return false;
  return placementsOf(catalog, service).some((placement) => {
    if (placement.service === own?.service && placement.slot === own.slot) return false;
    const member = placement.node === null ? undefined : catalog.member(placement.node);
    const status = catalog.status(placement.instance);
    if (member === undefined || !isLive(member) || status === undefined) return false;
    const wish = catalog.wish(service, placement.slot);
    return isActive(status) && (!wantsRun(wish) || isOutlived(status, wish));
  });
}

function isActive({ state }: InstanceStatus): boolean {
  return state === "starting" || state === "running" || state === "stopping";
}
