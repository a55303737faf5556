/** What the tasks of machines tell of what has run, and how it ended. */
import type { Stage } from "../stage.ts";
import type { VirtualTask } from "../virtual-host.ts";

/** Whether a task of a service has run, on whatever machine, at any time between two; virtual ms. */
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

/** Tasks are killed by SIGKILL, and stopped by what their specs say. */
export function isByMob({ ended }: VirtualTask): boolean {
  return ended?.exit.kind === "signaled" && ended.exit.signal !== "SIGKILL";
}
