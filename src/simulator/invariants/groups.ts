/**
 * Invariant 6, as far as groups go: what Mob has ended of a group and started again was named by the
 * strategy, with one that ended by itself, or by a user. Judged by the tasks that machines have run, where
 * nothing but kills and users can end one: a lost node, or an engine that is down, ends others unseen.
 */

import { groupName } from "../asking.ts";
import type { ItemKind } from "../schedule.ts";
import type { Stage } from "../stage.ts";
import type { VirtualTask } from "../virtual-host.ts";
import type { Invariant, Objection } from "./invariant.ts";
import { isByMob } from "./runs.ts";

const calmKinds: ReadonlySet<ItemKind> = new Set(["deploy", "act", "kill-task", "disk-slow"]);
/** Of each service of the group that users deploy: what is restarted with it. */
const named: ReadonlyMap<string, readonly string[]> = new Map([
  ["shop/db", ["shop/db", "shop/front/api", "shop/front/web", "shop/mail"]],
  ["shop/front/api", ["shop/front/api", "shop/front/web"]],
  ["shop/front/web", ["shop/front/api", "shop/front/web"]],
  ["shop/mail", ["shop/mail"]],
]);
/** Longest that a wish takes to be carried out. */
const wishMsMax = 15_000;

export function groups(stage: Stage, object: Objection): Invariant {
  const isCalm = stage.plan.items.every(({ kind }) => calmKinds.has(kind));
  const askedAtMs: number[] = [];
  /** Of each machine: how many of its tasks were looked at. */
  const judged = new Map<string, number>();

  function judge(task: VirtualTask, all: readonly VirtualTask[]): void {
    const { instance, attempt } = task.found;
    const before = all.find(
      ({ found }) => found.instance === instance && found.attempt === attempt - 1,
    );
    if (before?.ended === undefined || !isByMob(before)) return;
    const since = before.startedAt;
    const isBetween = (atMs: number, fromMs: number) => atMs >= fromMs && atMs <= task.startedAt;
    if (askedAtMs.some((atMs) => isBetween(atMs, since - wishMsMax))) return;
    const causes = all.filter(
      (one) => one.ended !== undefined && !isByMob(one) && isBetween(one.ended.atMs, since),
    );
    if (causes.some((cause) => named.get(cause.service)?.includes(task.service))) return;
    object(`${task.service} was restarted, and no strategy named it: ${causes.map(textOf).join()}`);
  }

  return {
    number: 6,
    asked({ item }) {
      if (item.name === groupName) askedAtMs.push(stage.simulation.now);
    },
    each() {
      if (!isCalm) return;
      const histories = stage.machines.map((machine) => ({
        machine,
        tasks: stage.simulation.host(machine).history.filter(isOfGroup),
      }));
      const all = histories.flatMap(({ tasks }) => tasks);
      for (const { machine, tasks } of histories) {
        for (const task of tasks.slice(judged.get(machine) ?? 0)) judge(task, all);
        judged.set(machine, tasks.length);
      }
    },
  };
}

function isOfGroup({ service }: VirtualTask): boolean {
  return service.startsWith(`${groupName}/`);
}

function textOf({ service, ended }: VirtualTask): string {
  return `${service} ended at ${ended?.atMs}`;
}
