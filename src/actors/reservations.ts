/** What is reserved on the nodes, as the catalog tells. */
import type { InstanceId, ServiceName } from "../core/ids.ts";
import { isNothing } from "../core/resources.ts";
import type { Booking } from "../services/bookings.ts";
import type { GroupRecord } from "../services/records.ts";
import type { ServiceSpec } from "../services/spec.ts";
import type { Catalog } from "./catalog.ts";
import type { PlacementTable } from "./placement-table.ts";

/**
 * What nodes say that they keep for what is on them, placed there or yet to go; and what is to be kept for
 * what is placed there and is to run, or is about to be.
 */
export function* bookingsIn(catalog: Catalog, underway?: PlacementTable): Generator<Booking> {
  const booked = new Set<InstanceId>();
  for (const { instance, node, status } of catalog.statuses()) {
    const { reserved } = status;
    if (reserved === undefined) continue;
    booked.add(instance);
    yield { node, instance, resources: reserved };
  }
  for (const { service, instance, node } of [...catalog.placements(), ...(underway?.all() ?? [])]) {
    const held = catalog.service(service);
    if (node === null || held === undefined || booked.has(instance)) continue;
    const { resources } = held.member.spec;
    if (isNothing(resources) || isIdle(catalog, held.record, instance)) continue;
    yield { node, instance, resources };
  }
}

/** Services that are to run, and of which something found no node, each once. @param besides are left out */
export function waitingIn(
  catalog: Catalog,
  besides: ReadonlySet<ServiceName> = new Set(),
): readonly ServiceSpec[] {
  const found = new Map<ServiceName, ServiceSpec>();
  for (const { service, instance, node, uid } of catalog.placements()) {
    if (node !== null || besides.has(service) || found.has(service)) continue;
    const held = catalog.service(service);
    if (held?.record.uid !== uid || isIdle(catalog, held.record, instance)) continue;
    found.set(service, held.member.spec);
  }
  return [...found.values()];
}

/** Nothing of it is to run: stopped by a user, or ended for good. */
export function isIdle(catalog: Catalog, group: GroupRecord, instance: InstanceId): boolean {
  const state = catalog.status(instance)?.state;
  const hasEnded = state === "done" || state === "failed" || state === "lost";
  return hasEnded || catalog.runState(group).run === "stopped";
}
