/**
 * Invariant 5, as far as one instance a service goes: some time after everything is whole, exactly what
 * is desired runs, once each and where it is placed. And a node gives up only by what was done to it.
 */
import type { InstanceInfo } from "../../actors/service-view.ts";
import type { Stage } from "../stage.ts";
import type { Invariant, Objection } from "./invariant.ts";

export function services(stage: Stage, object: Objection): Invariant {
  return {
    number: 5,
    gaveUp(machine, error, isExpected) {
      if (!isExpected) object(`the node on ${machine} gave up: ${error.message}`);
    },
    atEnd() {
      const node = stage.machines.map((name) => stage.node(name)).find((it) => it !== undefined);
      if (node === undefined) return;
      const infos = node.operations.instances();
      const tasks = runningTasks(stage);
      for (const task of tasks) {
        const info = infos.find(({ instance }) => instance === task.instance);
        const where = stage.idOf(task.machine);
        if (info === undefined || info.node !== where) {
          object(`a task of ${task.service} runs on ${task.machine} that belongs to nothing`);
        }
      }
      for (const info of infos) judge(info, tasks, object);
    },
  };
}

interface Running {
  readonly machine: string;
  readonly service: string;
  readonly instance: string;
}

function judge(info: InstanceInfo, tasks: readonly Running[], object: Objection): void {
  const count = tasks.filter(({ instance }) => instance === info.instance).length;
  if (count > 1) object(`${info.name} runs ${count} times`);
  if (info.state === "running" && count === 0 && info.name !== "job") {
    object(`${info.name} is told to run and does not`);
  }
  const isAtRest = ["running", "stopped", "pending", "failed", "done", "lost"].includes(info.state);
  if (!isAtRest && info.name !== "job") object(`${info.name} is still ${info.state}`);
}

function runningTasks(stage: Stage): readonly Running[] {
  return stage.machines.flatMap((machine) =>
    [...stage.simulation.host(machine).tasks.values()]
      .filter(({ ended }) => ended === undefined)
      .map(({ found, service }) => ({ machine, service, instance: found.instance })),
  );
}
