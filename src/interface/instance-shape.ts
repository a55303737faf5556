/** An instance of a service, in the shape that the API promises. */
import type { InstanceInfo } from "../actors/service-view.ts";
import type { InstanceView, TaskEnd } from "../api/shapes.ts";
import type { NodeId } from "../core/ids.ts";
import type { TaskExit } from "../services/instance-status.ts";

export function instanceView(
  info: InstanceInfo,
  nodeName: (id: NodeId | null) => string | null,
): InstanceView {
  const {
    name,
    instance,
    slot,
    provider,
    state,
    healthy,
    handle,
    ports,
    exit,
    reason,
    engineAwaySince,
    pausedSince,
  } = info;
  return {
    name,
    group: info.group,
    id: instance,
    slot,
    node: nodeName(info.node),
    provider,
    state,
    healthy,
    handle: { ...handle },
    ports: { ...ports },
    ...(exit && { exit: exitView(exit) }),
    restarts: info.restarts,
    since: info.since,
    ...(reason !== undefined && { reason }),
    ...(engineAwaySince !== undefined && { engineAwaySince }),
    generation: info.generation,
    epoch: info.epoch,
    ...(pausedSince !== undefined && { pausedSince }),
  };
}

export function exitView(exit: TaskExit): TaskEnd {
  const own = exit.kind === "exited" ? undefined : exit.reason;
  const reason = exit.byMob ? exit.why : own;
  return {
    ...(exit.kind === "exited" && { code: exit.code }),
    ...(exit.kind === "signaled" && { signal: exit.signal }),
    ...(reason !== undefined && { reason }),
    ...(exit.byMob && { byMob: true }),
  };
}
