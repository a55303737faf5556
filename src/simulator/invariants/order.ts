/**
 * Invariant 7: nothing is started where what it requires, or one of its group that comes first, does not run. What
 * cannot be known is aside: that a task ended a moment ago, and what a machine does that others are cut off from.
 */
import type { ServiceName } from "../../core/ids.ts";
import type { Plan } from "../schedule.ts";
import type { Stage } from "../stage.ts";
import type { VirtualTask } from "../virtual-host.ts";
import type { Invariant, Objection } from "./invariant.ts";
import { hasRun, isByMob } from "./runs.ts";

/** Until an end is known to who decides, and what was decided before it has begun. */
const knownMs = 5_000;
/** A node whose clock is far behind takes nothing from others, and has what it missed so long after it is right again. */
const clockEchoMs = 30_000;

export function order(stage: Stage, object: Objection): Invariant {
  /** Of each machine: how many of its tasks were looked at. */
  const judged = new Map<string, number>();

  function judge(machine: string, task: VirtualTask, all: readonly VirtualTask[]): void {
    const { service, startedAt } = task;
    if (isRestart(task, all)) return;
    const memberOf = (name: string) =>
      stage.node(machine)?.catalog.service(name as ServiceName)?.member;
    const member = memberOf(service);
    if (member === undefined) return;
    const fromMs = startedAt - knownMs;
    if (stage.disturbances.has(stage.machines, fromMs, startedAt)) return;
    if (clockWasWrong(stage.plan, startedAt - clockEchoMs, startedAt)) return;
    for (const needed of [...member.spec.requires, ...member.after]) {
      if (hasRun(stage, needed, fromMs, startedAt)) continue;
      const { restartGraceMs = 0 } = memberOf(needed)?.spec ?? {};
      if (isTakenToRun(stage, needed, restartGraceMs, startedAt)) continue;
      object(`${service} was started at ${startedAt} on ${machine}, and ${needed} did not run`);
    }
  }

  return {
    number: 7,
    each() {
      for (const machine of stage.machines) {
        const { history } = stage.simulation.host(machine);
        for (const task of history.slice(judged.get(machine) ?? 0)) judge(machine, task, history);
        judged.set(machine, history.length);
      }
    },
  };
}

/**
 * A machine that comes back without its disk is another node then. That which it was is away, as one is whose process
 * alone is gone, so what it ran counts as running until its grace is over.
 */
function isTakenToRun(stage: Stage, service: string, graceMs: number, atMs: number): boolean {
  return stage.plan.items.some((item) => {
    if (item.kind !== "power" || item.disk !== "blank" || item.atMs > atMs) return false;
    const lostAtMs = item.atMs + item.forMs + knownMs + graceMs; // Suspected first, and then away.
    if (lostAtMs + knownMs < atMs) return false;
    const { history } = stage.simulation.host(item.machine);
    return history.some((task) => task.service === service && task.ended?.atMs === item.atMs);
  });
}

/** A restart by the policy, of what has ended by itself, waits for nothing. */
function isRestart({ found }: VirtualTask, all: readonly VirtualTask[]): boolean {
  const before = all.find(
    (one) => one.found.instance === found.instance && one.found.attempt === found.attempt - 1,
  );
  return before?.ended !== undefined && !isByMob(before);
}

function clockWasWrong({ items }: Plan, fromMs: number, toMs: number): boolean {
  return items.some(
    (item) => item.kind === "clock" && item.atMs <= toMs && item.atMs + item.forMs >= fromMs,
  );
}
