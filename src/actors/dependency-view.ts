/** A service as those that require it see it: its placements, statuses and the view put together. */
import { isLive } from "../membership/view.ts";
import { type Dependency, dependencyOf, type RequiredInstance } from "../services/dependencies.ts";
import type { GroupRecord, PlacementRecord } from "../services/records.ts";
import type { Catalog } from "./catalog.ts";

/** Undefined: it is not deployed. */
export function dependencyOn(catalog: Catalog, name: string): Dependency | undefined {
  const group = catalog.group(name)?.record;
  if (group === undefined) return undefined;
  const instances = placementsOf(catalog, group).map((placement) => seen(catalog, placement));
  return dependencyOf(instances, group.spec.health !== undefined);
}

/** Of the present creation. */
function placementsOf(catalog: Catalog, { name, uid }: GroupRecord): readonly PlacementRecord[] {
  return catalog.placementsOf(name).filter((placement) => placement.uid === uid);
}

function seen(catalog: Catalog, { instance, node }: PlacementRecord): RequiredInstance {
  const status = node === null ? undefined : catalog.status(instance);
  const member = node === null ? undefined : catalog.member(node);
  const isThere = member !== undefined && (isLive(member) || member.state === "away");
  if (status === undefined) return { phase: "pending", healthy: null };
  return { phase: isThere ? status.state : "lost", healthy: status.healthy };
}
