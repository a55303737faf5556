/**
 * The supervisor of one instance. A crash of what gives out the output, or of what checks the health, does
 * not touch the worker that holds the task, and none of them touches the task. The health checker is there
 * once the spec wants it: services that no one checks do without.
 */
import { healthChecker } from "../actors/health-checker.ts";
import { invoker } from "../actors/invoker.ts";
import { logFollower } from "../actors/log-follower.ts";
import {
  healthCheckerName,
  invokerName,
  logFollowerName,
  providerWorkerName,
  serviceSupervisorName,
} from "../actors/names.ts";
import { providerWorker } from "../actors/provider-worker.ts";
import type { ProviderWorkerOptions } from "../actors/provider-worker-protocol.ts";
import type { Reach } from "../actors/reach.ts";
import { logsHere } from "../actors/wish-view.ts";
import type { InstanceId } from "../core/ids.ts";
import type { ActorDefinition, ChildSpec } from "../otp/definition.ts";
import { supervisor } from "../otp/supervisor.ts";
import { worker } from "../otp/worker.ts";

export interface ServiceOptions extends Omit<ProviderWorkerOptions, "healthChecker"> {
  readonly reach: Reach;
}

export function serviceSupervisor(options: ServiceOptions): ActorDefinition {
  const { placement, provider, catalog, reach } = options;
  const { instance } = placement;
  const checked: ChildSpec = {
    id: "health-checker",
    start: worker({
      name: healthCheckerName(instance),
      behaviour: () => healthChecker({ instance, provider, reach }),
    }),
  };
  return supervisor({
    name: serviceSupervisorName(instance),
    strategy: "one_for_one",
    intensity: 5,
    periodMs: 10_000,
    children: [
      {
        id: "provider-worker",
        start: worker({
          name: providerWorkerName(instance),
          behaviour: () => providerWorker({ ...options, healthChecker: checked }),
        }),
        // A start that is under way is waited for, so that its task is not left unrecorded.
        shutdown: 15_000,
      },
      {
        id: "log-follower",
        start: worker({
          name: logFollowerName(instance),
          behaviour: () =>
            logFollower(() => provider.output(instance, logsHere(catalog, instance))),
        }),
      },
      ...invokerChild(instance, provider.invocable),
    ],
  });
}

/** Of a function alone. */
function invokerChild(
  instance: InstanceId,
  invocable: ProviderWorkerOptions["provider"]["invocable"],
): readonly ChildSpec[] {
  if (invocable === undefined) return [];
  const start = worker({
    name: invokerName(instance),
    behaviour: () => invoker(instance, invocable),
  });
  return [{ id: "invoker", start }];
}
