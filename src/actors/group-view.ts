/**
 * An instance among the others of its group, as they are known here: what is to end before it may be ended,
 * and what is to have ended, or run, before it may be started. What is on a node that cannot be asked is
 * not waited for.
 */
import type { ServiceName } from "../core/ids.ts";
import { isLive } from "../membership/view.ts";
import { type Waiting, waitingFor } from "../services/dependencies.ts";
import { membersOf } from "../services/group-members.ts";
import { type Desired, isOutlived, wantsRun } from "../services/instance.ts";
import type { InstanceStatus } from "../services/instance-status.ts";
import type { PlacementRecord } from "../services/records.ts";
import { groupOf } from "../services/service-name.ts";
import type { Catalog, Service } from "./catalog.ts";
import { dependencyOn, placementsOf, servicesFor } from "./dependency-view.ts";
import { wishOf } from "./wish-view.ts";

/** An instance, by its place. */
type SlotOf = Pick<PlacementRecord, "service" | "slot">;

/** A group in the order of its start. Each of its instances is held to all others, so it is looked at once a change. */
interface GroupLook {
  readonly indexes: ReadonlyMap<ServiceName, number>;
  /** What runs, and is not to, in that order. */
  readonly ending: readonly Ending[];
  /** The first that does not run and is to, and why others wait for it. */
  readonly firstDown: { readonly index: number; readonly waiting: readonly Waiting[] } | undefined;
}

interface Ending extends SlotOf {
  readonly index: number;
  /** It has no instance any more: what is started after it does not wait for it. */
  readonly isNone: boolean;
}

interface Looks {
  readonly version: number;
  readonly groups: Map<string, GroupLook>;
}

const looks = new WeakMap<Catalog, Looks>();

/** Whether nothing of its group is to end before it: groups end in the reverse order of their start. */
export function mayEnd(catalog: Catalog, { spec, inGroup }: Desired): boolean {
  if (inGroup === undefined) return true;
  const { indexes, ending } = lookAt(catalog, spec.name);
  const own = indexes.get(spec.name);
  // One that the group has not any more goes by where it was.
  if (own === undefined) return !ending.some(({ service }) => inGroup.before.includes(service));
  return !ending.some(({ index }) => index > own);
}

/** What an instance that is held still waits for: what it requires, and its group. */
export function waitingOf(
  catalog: Catalog,
  { spec, inGroup }: Desired,
  own: SlotOf,
): readonly Waiting[] {
  const requires = spec.requires.flatMap((name) => servicesFor(catalog, name));
  const required = waitingFor(requires, (name) => dependencyOn(catalog, name));
  const held = inGroup === undefined ? [] : heldBy(catalog, own);
  // What it requires of its group is started before it, too.
  return [...required, ...held.filter((one) => !required.some(({ name }) => name === one.name))];
}

/** The first that it has yet to wait for, of those that are to end and of those that are started before it. */
function heldBy(catalog: Catalog, { service, slot }: SlotOf): readonly Waiting[] {
  const { indexes, ending, firstDown } = lookAt(catalog, service);
  const own = indexes.get(service) ?? -1;
  const first = ending.find((one) => {
    if (one.service === service && one.slot === slot) return false;
    return one.index >= own || !one.isNone;
  });
  if (first !== undefined) return [{ name: first.service, why: "is yet to end" }];
  return firstDown !== undefined && firstDown.index < own ? firstDown.waiting : [];
}

function lookAt(catalog: Catalog, name: ServiceName): GroupLook {
  const { version } = catalog;
  let held = looks.get(catalog);
  if (held?.version !== version) {
    held = { version, groups: new Map() };
    looks.set(catalog, held);
  }
  const group = groupOf(name);
  const look = held.groups.get(group) ?? lookAnew(catalog, name);
  held.groups.set(group, look);
  return look;
}

function lookAnew(catalog: Catalog, name: ServiceName): GroupLook {
  const indexes = new Map<ServiceName, number>();
  const ending: Ending[] = [];
  let firstDown: GroupLook["firstDown"];
  const group = catalog.group(groupOf(name));
  const members = group === undefined ? [] : [...membersOf(group.record.spec).values()];
  for (const [index, member] of members.entries()) {
    if (group === undefined) break;
    const { name: service, instances } = member.spec;
    const isNone = instances === 0;
    indexes.set(service, index);
    for (const slot of slotsToEnd(catalog, { ...group, member })) {
      ending.push({ service, slot, index, isNone });
    }
    if (isNone || firstDown !== undefined) continue;
    const waiting = waitingFor([service], (one) => dependencyOn(catalog, one));
    if (waiting.length > 0) firstDown = { index, waiting };
  }
  return { indexes, ending, firstDown };
}

/** Of what runs, and is not to: for good, or in the life that it is in. */
function slotsToEnd(catalog: Catalog, service: Service): readonly number[] {
  return placementsOf(catalog, service).flatMap(({ node, instance, slot }) => {
    const member = node === null ? undefined : catalog.member(node);
    const status = catalog.status(instance);
    if (member === undefined || !isLive(member) || status === undefined) return [];
    const wish = wishOf(catalog, service, slot);
    return isActive(status) && (!wantsRun(wish) || isOutlived(status, wish)) ? [slot] : [];
  });
}

function isActive({ state }: InstanceStatus): boolean {
  return state === "starting" || state === "running" || state === "stopping";
}
