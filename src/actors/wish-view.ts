/** What the users want of an instance, as the catalog tells: of which version it is to be, and whether it is to run. */
import type { InstanceId } from "../core/ids.ts";
import { isGroup } from "../services/group.ts";
import { membersOf } from "../services/group-members.ts";
import type { Desired } from "../services/instance.ts";
import { type LogPolicy, logsDefault } from "../services/spec-policies.ts";
import { sinceOf, slotName } from "../services/supervision.ts";
import type { Catalog, Service } from "./catalog.ts";

/** What they last wanted of it, and its group with them, whoever runs it. */
export function wishOf(
  catalog: Catalog,
  { record: group, stamp: specStamp, member }: Service,
  slot: number,
): Desired {
  const { run, stamp: runStamp } = catalog.runState(group);
  const restartStamp = catalog.restartStamp(group);
  const wish = { spec: member.spec, specStamp, run, runStamp, restartStamp, removed: false };
  if (!isGroup(group.spec)) return wish;
  const { lives, failure, since } = catalog.supervision(group);
  const { before, restartedBy } = member;
  const life = lives[slotName(member.spec.name, slot)] ?? 0;
  const hasFailed = failure !== undefined && since === sinceOf(runStamp, restartStamp);
  const inGroup = { before, restartedBy, life, ...(hasFailed && { failure }) };
  return { ...wish, inGroup };
}

/**
 * What is wanted of an instance on this node; undefined when it is not, or no longer, placed here.
 * @param last what was wanted of it before: it stays what it is until its placement is of the new version
 */
export function wishHere(
  catalog: Catalog,
  instance: InstanceId,
  last?: Desired,
): Desired | undefined {
  const placement = catalog.placementOf(instance);
  if (placement === undefined || placement.node !== catalog.node) return undefined;
  const { service: name, uid, slot, specStamp } = placement;
  const service = catalog.service(name);
  if (service === undefined || service.record.uid !== uid) return undefined;
  const wish = wishOf(catalog, service, slot);
  if (specStamp === service.stamp) return wish;
  const { previous } = service.record;
  const before = previous && membersOf(previous.spec).get(name)?.spec;
  if (before !== undefined && specStamp === previous?.stamp) {
    return { ...wish, spec: before, specStamp };
  }
  return specStamp === last?.specStamp ? { ...wish, spec: last.spec, specStamp } : wish;
}

/** How much of an instance's output is kept. */
export function logsHere(catalog: Catalog, instance: InstanceId): LogPolicy {
  return wishHere(catalog, instance)?.spec.logs ?? logsDefault;
}
