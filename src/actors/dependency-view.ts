/** A service as those that require it see it: its placements, statuses and the view put together. */
import type { ServiceName } from "../core/ids.ts";
import { isLive } from "../membership/view.ts";
import { type Dependency, dependencyOf, type RequiredInstance } from "../services/dependencies.ts";
import type { GroupRecord, PlacementRecord } from "../services/records.ts";
import { type Standing, type StandingInstance, standingOf } from "../services/standing.ts";
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

/**
 * What an instance has to follow of a service that it requires. Of one that is not deployed it is said
 * only where it was: a node that has just started may not have read yet what there is.
 */
export function standingOn(catalog: Catalog, name: ServiceName, wasThere: boolean): Standing {
  const group = catalog.group(name)?.record;
  if (group === undefined) return standingOf(name, wasThere ? undefined : []);
  const isChecked = group.spec.health !== undefined;
  const instances = placementsOf(catalog, group).map(({ instance, node }): StandingInstance => {
    const status = node === null ? undefined : catalog.status(instance);
    const isDead = node !== null && catalog.member(node)?.state === "dead";
    const isRunning = status?.state === "running" && !isDead;
    return {
      phase: isDead ? "lost" : status?.state,
      isUp: isRunning && (!isChecked || status.healthy === true),
      incarnation: `${instance}/${status?.attempt ?? 0}`,
    };
  });
  return standingOf(name, instances);
}

function seen(catalog: Catalog, { instance, node }: PlacementRecord): RequiredInstance {
  const status = node === null ? undefined : catalog.status(instance);
  const member = node === null ? undefined : catalog.member(node);
  const isThere = member !== undefined && (isLive(member) || member.state === "away");
  if (status === undefined) return { phase: "pending", healthy: null };
  return { phase: isThere ? status.state : "lost", healthy: status.healthy };
}
