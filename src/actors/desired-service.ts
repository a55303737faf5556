/** A service as the controller sees it: what is deployed, and what the nodes tell of where it is now. */

import type { DesiredService, Observed } from "../services/decision.ts";
import { membersOf } from "../services/group-members.ts";
import { isReady } from "../services/instance-status.ts";
import type { PlacementRecord } from "../services/records.ts";
import { taskDigest } from "../services/task-digest.ts";
import type { Catalog, Service } from "./catalog.ts";
import { isIdle } from "./reservations.ts";

/** What is deployed, and where it is now. */
export function desiredService(
  catalog: Catalog,
  { record: group, stamp: specStamp, member: { spec } }: Service,
): DesiredService {
  const task = taskDigest(spec);
  const observe = ({ instance }: PlacementRecord): Observed => {
    const status = catalog.status(instance);
    return {
      isIdle: isIdle(catalog, group, instance),
      isReady: status !== undefined && isReady(status, spec),
      refusal: status?.refusal,
      hasTakenOver: status !== undefined && (isReady(status, spec) || status.state === "done"),
      needsNewTask: status !== undefined && status.task !== task,
    };
  };
  const present = catalog.placementsOf(spec.name);
  const updatesMax = Number.POSITIVE_INFINITY;
  return { spec, uid: group.uid, specStamp, present, observe, updatesMax };
}

/** An update has brought it into its group, and it has yet to be started: until it is ready, that may fail. */
export function isComing(catalog: Catalog, { record, stamp, member }: Service): boolean {
  const { name } = member.spec;
  const { previous, uid } = record;
  if (previous === undefined || membersOf(previous.spec).has(name)) return false;
  return catalog.placementsOf(name).some(({ instance, node, ...placement }) => {
    const isPresent = placement.uid === uid && placement.specStamp === stamp && node !== null;
    return isPresent && (catalog.status(instance)?.attempt ?? 0) === 0;
  });
}
