/** Whether a task of a service has run, on whatever machine, at any time between two; virtual ms. */
import type { Stage } from "../stage.ts";

export function hasRun(stage: Stage, service: string, fromMs: number, toMs: number): boolean {
  return stage.machines.some((machine) =>
    stage.simulation
      .host(machine)
      .history.some(
        (task) =>
          task.service === service &&
          task.startedAt <= toMs &&
          (task.ended?.atMs ?? toMs) >= fromMs,
      ),
  );
}
