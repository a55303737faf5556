/** How far the update of a service is, from what its instances tell and what this controller has seen before. */
import { isLive } from "../membership/view.ts";
import type { DesiredService } from "../services/decision.ts";
import { isReady } from "../services/instance-status.ts";
import type { PlacementRecord } from "../services/records.ts";
import { exitText } from "../services/restart-policy.ts";
import type { Catalog, Service } from "./catalog.ts";
import { isComing } from "./desired-service.ts";
import type { Progress, Rollouts, UpdatedInstance } from "./rollouts.ts";

export interface ProgressOptions {
  readonly catalog: Catalog;
  readonly rollouts: Rollouts;
  /** Of the monotonic clock. */
  readonly nowMs: number;
}

/** Of an update that is under way, or begins now; undefined: there is none. */
export function progressOf(
  { catalog, rollouts, nowMs }: ProgressOptions,
  service: Service,
  { spec, uid, specStamp, present, observe }: DesiredService,
): Progress | undefined {
  const { name } = spec;
  // What is on a node that cannot be asked is not waited for.
  const placed = present.filter((placement) => {
    const member = placement.node === null ? undefined : catalog.member(placement.node);
    return placement.uid === uid && member !== undefined && isLive(member);
  });
  const isUpdated = (placement: PlacementRecord) => placement.specStamp === specStamp;
  const begins = placed.some((placement) => {
    const { isReady: runs, needsNewTask } = observe(placement);
    return !isUpdated(placement) && runs && needsNewTask;
  });
  const isStopped = catalog.runState(service.record).run === "stopped";
  const isJob = spec.restart.when === "none";
  if (isStopped || isJob || (!begins && !rollouts.has(name) && !isComing(catalog, service))) {
    rollouts.forget(name);
    return undefined;
  }
  const instances = placed.map((placement): UpdatedInstance => {
    const status = catalog.status(placement.instance);
    const isOf = isUpdated(placement) && status?.specStamp === specStamp;
    const why = isOf ? (status.reason ?? (status.exit && exitText(status.exit))) : undefined;
    return {
      instance: placement.instance,
      isUpdated: isUpdated(placement),
      isReady: isOf && (isReady(status, spec) || status.state === "done"),
      hasFailed: isOf && status.state === "failed",
      ...(why !== undefined && { why }),
    };
  });
  return rollouts.follow(name, specStamp, spec.update, instances, nowMs);
}
