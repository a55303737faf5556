/** One instance as the catalog tells it to the node that runs it: what is wanted of it, and what it waits for. */
import type { Desired, InstanceEvent } from "../services/instance.ts";
import type { InstanceStatus } from "../services/instance-status.ts";
import type { PlacementRecord } from "../services/records.ts";
import type { Catalog } from "./catalog.ts";
import { whyEnded } from "./copy-view.ts";
import { servicesFor, standingOn } from "./dependency-view.ts";
import { runningBeside } from "./former-instances.ts";
import { mayEnd, waitingOf } from "./group-view.ts";
import type { ProviderWorkerOptions } from "./provider-worker-protocol.ts";
import { wishHere } from "./wish-view.ts";

/** What is wanted now: to go on as it is beside the one that is placed; to go, where no one wants it here. */
export function desiredHere(catalog: Catalog, placement: PlacementRecord, last: Desired): Desired {
  const wish = wishHere(catalog, placement.instance, last);
  if (wish !== undefined) return wish;
  if (runningBeside(catalog, placement) !== undefined) return last;
  const removedFor = whyEnded(catalog, placement);
  return { ...last, removed: true, ...(removedFor !== undefined && { removedFor }) };
}

/**
 * What it requires, and its group, as they are now; services that are deployed are added to `wereThere`.
 * @param startedWith what it had to follow of each when its task was started
 */
export function dependenciesHere(
  {
    catalog,
    placement,
    wereThere,
  }: Pick<ProviderWorkerOptions, "catalog" | "placement" | "wereThere">,
  desired: Desired,
  startedWith: NonNullable<InstanceStatus["startedWith"]>,
): InstanceEvent {
  const requires = desired.spec.requires.flatMap((name) => servicesFor(catalog, name));
  const standing = requires.map((name) => {
    if (catalog.service(name) !== undefined) wereThere.add(name);
    return standingOn(catalog, name, name in startedWith || wereThere.has(name));
  });
  return {
    kind: "dependencies",
    waitingFor: waitingOf(catalog, desired, placement),
    standing,
    mayEnd: mayEnd(catalog, desired),
  };
}
