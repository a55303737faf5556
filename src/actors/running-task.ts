/** The task of an instance that runs, with what it was started with. */
import type { InstanceId } from "../core/ids.ts";
import type { FoundTask } from "../providers/provider.ts";
import type { InstanceState } from "../services/instance.ts";
import { taskEnv } from "../services/ports.ts";
import type { ServiceSpec } from "../services/spec.ts";

export interface RunningTask {
  readonly task: FoundTask;
  readonly spec: Pick<ServiceSpec, "params" | "env" | "logs">;
}

/** Undefined: none runs, it is paused, or none has been taken up yet. */
export function runningTask(
  instance: InstanceId,
  { status, desired, adopting }: InstanceState,
): RunningTask | undefined {
  const { attempt, handle, ports = {} } = status;
  const { spec } = desired;
  const isPaused = status.pausedAt !== undefined;
  if (adopting || status.state !== "running" || isPaused || handle === undefined) return undefined;
  const started = { params: spec.params, env: taskEnv(spec, ports), logs: spec.logs };
  return { task: { instance, attempt, handle }, spec: started };
}
