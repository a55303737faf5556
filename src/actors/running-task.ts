/** The task of an instance that runs, with what it was started with. */
import type { InstanceId } from "../core/ids.ts";
import type { FoundTask } from "../providers/provider.ts";
import type { InstanceState } from "../services/instance.ts";
import { taskEnv } from "../services/ports.ts";
import type { ServiceSpec } from "../services/spec.ts";

export interface RunningTask {
  readonly task: FoundTask;
  /** Wall clock, ms. */
  readonly startedAt: number;
  readonly isPaused: boolean;
  readonly spec: Pick<ServiceSpec, "params" | "env" | "logs" | "resources">;
}

/** Undefined: none runs, or none has been taken up yet. */
export function runningTask(
  instance: InstanceId,
  { status, desired, adopting }: InstanceState,
): RunningTask | undefined {
  const { attempt, handle, startedAt = status.since, ports = {} } = status;
  const { spec } = desired;
  if (adopting || status.state !== "running" || handle === undefined) return undefined;
  const { params, logs, resources } = spec;
  const started = { params, env: taskEnv(spec, ports), logs, resources };
  const isPaused = status.pausedAt !== undefined;
  return { task: { instance, attempt, handle }, startedAt, isPaused, spec: started };
}
