/**
 * The supervisor of one instance. Its workers know nothing of each other: a crash of the one that
 * gives out the output does not touch the one that holds the task, and neither touches the task.
 */
import { invoker } from "../actors/invoker.ts";
import { logFollower } from "../actors/log-follower.ts";
import { invokerName, logFollowerName, providerWorkerName } from "../actors/names.ts";
import { type ProviderWorkerOptions, providerWorker } from "../actors/provider-worker.ts";
import type { InstanceId } from "../core/ids.ts";
import type { ActorDefinition, ChildSpec } from "../otp/definition.ts";
import { supervisor } from "../otp/supervisor.ts";
import { worker } from "../otp/worker.ts";

export function serviceSupervisor(options: ProviderWorkerOptions): ActorDefinition {
  const { placement, provider, catalog } = options;
  const { instance } = placement;
  return supervisor({
    strategy: "one_for_one",
    intensity: 5,
    periodMs: 10_000,
    children: [
      {
        id: "provider-worker",
        start: worker({
          name: providerWorkerName(instance),
          behaviour: () => providerWorker(options),
        }),
        // A start that is under way is waited for, so that its task is not left unrecorded.
        shutdown: 15_000,
      },
      {
        id: "log-follower",
        start: worker({
          name: logFollowerName(instance),
          behaviour: () => logFollower(() => provider.output(instance, catalog.logs(instance))),
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
