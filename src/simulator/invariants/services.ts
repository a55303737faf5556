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
      const idOf = (machine: string) => stage.idOf(machine);
      lookForUndesired(node.operations.instances(), runningTasks(stage), idOf, object);
    },
  };
}

/** `infos`: what users are told. Each of them runs once and where it says, and nothing else does. */
export function lookForUndesired(
  infos: readonly Told[],
  tasks: readonly RunningTask[],
  idOf: (machine: string) => string | undefined,
  object: Objection,
): void {
  for (const task of tasks) {
    const info = infos.find(({ instance }) => instance === task.instance);
    if (info === undefined || info.node !== idOf(task.machine)) {
      object(`a task of ${task.service} runs on ${task.machine} that belongs to nothing`);
    }
  }
  for (const info of infos) judge(info, tasks, object);
}

type Told = Pick<InstanceInfo, "name" | "state"> & {
  readonly instance: string | null;
  /** Its id. */
  readonly node: string | null;
};

export interface RunningTask {
  readonly machine: string;
  readonly service: string;
  readonly instance: string;
}

function judge(info: Told, tasks: readonly RunningTask[], object: Objection): void {
  const count = tasks.filter(({ instance }) => instance === info.instance).length;
  if (count > 1) object(`${info.name} runs ${count} times`);
  if (info.state === "running" && count === 0 && info.name !== "job") {
    object(`${info.name} is told to run and does not`);
  }
  const isAtRest = ["running", "stopped", "pending", "failed", "done", "lost"].includes(info.state);
  if (!isAtRest && info.name !== "job") object(`${info.name} is still ${info.state}`);
}

function runningTasks(stage: Stage): readonly RunningTask[] {
  return stage.machines.flatMap((machine) =>
    [...stage.simulation.host(machine).tasks.values()]
      .filter(({ ended }) => ended === undefined)
      .map(({ found, service }) => ({ machine, service, instance: found.instance })),
  );
}
