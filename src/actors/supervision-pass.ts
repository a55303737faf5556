/**
 * One pass of the controller over the groups that it decides for: which of their instances have ended, as
 * far as the statuses and the view tell, and what `services/supervision.ts` makes of that.
 */
import type { NodeId, ServiceName } from "../core/ids.ts";
import { isLive } from "../membership/view.ts";
import { type GroupSpec, isGroup } from "../services/group.ts";
import { membersOf } from "../services/group-members.ts";
import { type InstanceStatus, lifeOf } from "../services/instance-status.ts";
import { lostInMs } from "../services/loss.ts";
import type { GroupRecord, PlacementRecord, SupervisionRecord } from "../services/records.ts";
import type { ServiceSpec } from "../services/spec.ts";
import { type Supervised, sinceOf, supervise } from "../services/supervision.ts";
import type { Catalog } from "./catalog.ts";

export interface SupervisionOptions {
  readonly catalog: Catalog;
  /** Whether this node decides for a name. */
  readonly owns: (name: string) => boolean;
  /** For how long a node has been away, or not known though something is placed on it, ms. */
  readonly absentForMs: (node: NodeId) => number;
  /** Of the wall clock: what was counted goes on to the next controller. */
  readonly nowMs: number;
}

/** What is to be written of a group. */
export interface SupervisionDecision {
  readonly group: ServiceName;
  readonly record: SupervisionRecord;
  /** Slots that get another life. */
  readonly restarted: readonly string[];
}

/** @param changed the groups to look at; undefined: all */
export function supervisionPass(
  options: SupervisionOptions,
  changed: ReadonlySet<string> | undefined,
): readonly SupervisionDecision[] {
  const { catalog, owns } = options;
  const names = changed ?? catalog.groups().map(({ record }) => record.name);
  return [...names].flatMap((name) => {
    const group = catalog.group(name)?.record;
    if (group === undefined || !isGroup(group.spec) || !owns(name)) return [];
    return decisionOn(options, group, group.spec) ?? [];
  });
}

function decisionOn(
  options: SupervisionOptions,
  group: GroupRecord,
  spec: GroupSpec,
): SupervisionDecision | undefined {
  const { catalog, nowMs } = options;
  const { run, stamp } = catalog.runState(group);
  const since = sinceOf(stamp, catalog.restartStamp(group));
  const before = catalog.supervision(group);
  if (run === "stopped" || (before.failure !== undefined && before.since === since)) {
    return undefined;
  }
  const after = supervise(spec, before, supervisedOf(options, group), since, nowMs);
  if (after === before) return undefined;
  const restarted = Object.keys(after.lives).filter(
    (slot) => after.lives[slot] !== before.lives[slot],
  );
  return { group: group.name, record: { ...after, uid: group.uid }, restarted };
}

/** In the order of their start. Jobs aside: none is run again, nor ended when half done. */
function supervisedOf(options: SupervisionOptions, group: GroupRecord): readonly Supervised[] {
  const { catalog } = options;
  const services = [...membersOf(group.spec).values()].map(({ spec }) => spec);
  return services
    .filter(({ restart }) => restart.when !== "none")
    .flatMap((spec) => {
      const placed = catalog.placementsOf(spec.name).filter(({ uid }) => uid === group.uid);
      return placed.map((placement) => supervisedAs(options, group, spec, placement));
    });
}

function supervisedAs(
  options: SupervisionOptions,
  group: GroupRecord,
  spec: ServiceSpec,
  placement: PlacementRecord,
): Supervised {
  const { service, slot, instance } = placement;
  const status = options.catalog.status(instance);
  if (status === undefined) return { service, slot, life: 0 };
  const end = endOf(options, group, spec, placement, status);
  return { service, slot, life: lifeOf(status), ...(end && { end }) };
}

/** Undefined: it runs or is about to, as users wanted it last; or its node has yet to tell. */
function endOf(
  { catalog, absentForMs }: SupervisionOptions,
  group: GroupRecord,
  { restartGraceMs }: ServiceSpec,
  { node }: PlacementRecord,
  { state, reason = "ended", runStamp, restartStamp }: InstanceStatus,
): Supervised["end"] {
  if (node === null) return undefined;
  const member = catalog.member(node);
  const awayForMs = absentForMs(node);
  if (lostInMs(member && { ...member, awayForMs }, restartGraceMs, awayForMs) === 0) {
    const hasRun = ["starting", "running", "stopping", "backing-off"].includes(state);
    const why = `was lost with its node ${catalog.nodeName(node)}`;
    return hasRun ? { kind: "restart", why } : undefined;
  }
  if (member === undefined || !isLive(member)) return undefined;
  // What a user has asked for since is started by its node: it has not ended for anyone.
  const isHeard =
    runStamp === catalog.runState(group).stamp && restartStamp === catalog.restartStamp(group);
  if (!isHeard) return undefined;
  if (state === "backing-off") return { kind: "restart", why: reason };
  return state === "failed" ? { kind: "failed", why: reason } : undefined;
}
