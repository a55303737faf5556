/**
 * Invariant 7: nothing is started where what it requires, or one of its group that comes first, does not run. What
 * cannot be known is aside: that a task ended a moment ago, and what a machine does that others are cut off from.
 */
import type { ServiceName } from "../../core/ids.ts";
import type { Stage } from "../stage.ts";
import type { VirtualTask } from "../virtual-tasks.ts";
import type { Invariant, Objection } from "./invariant.ts";
import { hasRun } from "./runs.ts";

/** Until an end is known to who decides, and what was decided before it has begun. */
const knownMs = 5_000;

export function order(stage: Stage, object: Objection): Invariant {
  /** Of each machine: how many of its tasks were looked at. */
  const judged = new Map<string, number>();

  function judge(machine: string, { service, startedAt }: VirtualTask): void {
    const member = stage.node(machine)?.catalog.service(service as ServiceName)?.member;
    if (member === undefined) return;
    const fromMs = startedAt - knownMs;
    if (stage.disturbances.has(stage.machines, fromMs, startedAt)) return;
    for (const needed of [...member.spec.requires, ...member.after]) {
      if (hasRun(stage, needed, fromMs, startedAt)) continue;
      object(`${service} was started at ${startedAt} on ${machine}, and ${needed} did not run`);
    }
  }

  return {
    number: 7,
    each() {
      for (const machine of stage.machines) {
        const { history } = stage.simulation.host(machine);
        for (const task of history.slice(judged.get(machine) ?? 0)) judge(machine, task);
        judged.set(machine, history.length);
      }
    },
  };
}
