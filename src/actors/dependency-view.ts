/** A service as those that require it see it: its placements, statuses and the view put together. */
import type { ServiceName } from "../core/ids.ts";
import { isLive } from "../membership/view.ts";
import { type Dependency, dependencyOf } from "../services/dependencies.ts";
import { isOutlived } from "../services/instance.ts";
import { isReady } from "../services/instance-status.ts";
import type { PlacementRecord } from "../services/records.ts";
import { type Standing, type StandingInstance, standingOf } from "../services/standing.ts";
import type { Catalog, Service } from "./catalog.ts";
import { wishOf } from "./wish-view.ts";

/** The services that a name stands for: all of a group; itself, where nothing is deployed under it. */
export function servicesFor(catalog: Catalog, name: ServiceName): readonly ServiceName[] {
  const services = catalog.servicesUnder(name);
  return services.length === 0 ? [name] : services.map(({ member }) => member.spec.name);
}

/** Undefined: it is not deployed. */
export function dependencyOn(catalog: Catalog, name: ServiceName): Dependency | undefined {
  const service = catalog.service(name);
  if (service === undefined) return undefined;
  const instances = placementsOf(catalog, service).map((one) => seen(catalog, service, one));
  return dependencyOf(instances);
}

/** Of the present creation. */
export function placementsOf(
  catalog: Catalog,
  { record, member }: Service,
): readonly PlacementRecord[] {
  const placed = catalog.placementsOf(member.spec.name);
  return placed.filter(({ uid }) => uid === record.uid);
}

/**
 * What an instance has to follow of a service that it requires. Of one that is not deployed it is said
 * only where it was: a node that has just started may not have read yet what there is.
 */
export function standingOn(catalog: Catalog, name: ServiceName, wasThere: boolean): Standing {
  const service = catalog.service(name);
  if (service === undefined) return standingOf(name, wasThere ? undefined : []);
  const { spec } = service.member;
  const instances = placementsOf(catalog, service).map(({ instance, node }): StandingInstance => {
    const status = node === null ? undefined : catalog.status(instance);
    const isDead = node !== null && catalog.member(node)?.state === "dead";
    return {
      phase: isDead ? "lost" : status?.state,
      isUp: status !== undefined && !isDead && isReady(status, spec),
      incarnation: `${instance}/${status?.attempt ?? 0}`,
    };
  });
  return standingOf(name, instances);
}

function seen(
  catalog: Catalog,
  service: Service,
  { instance, node, slot }: PlacementRecord,
): Dependency {
  const status = node === null ? undefined : catalog.status(instance);
  const member = node === null ? undefined : catalog.member(node);
  const isThere = member !== undefined && (isLive(member) || member.state === "away");
  if (status === undefined) return { phase: "pending", isHealthy: false };
  if (!isThere) return { phase: "lost", isHealthy: false };
  // What runs, and is to be restarted with its group, is as good as ended.
  const isEnding = status.state === "running" && isOutlived(status, wishOf(catalog, service, slot));
  if (isEnding) return { phase: "stopping", isHealthy: false };
  return { phase: status.state, isHealthy: isReady(status, service.member.spec) };
}
