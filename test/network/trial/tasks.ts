/** The tasks that run on a host, as the kernel knows them: by the mark that all their processes bear. */
import { markVariable } from "../../../src/keeper/process-scan.ts";
import type { RunningTask } from "../../../src/simulator/invariants/services.ts";
import type { LanNode } from "../../support/lan/lan-node.ts";
import { environOf } from "../../support/marked-processes.ts";

/** One attempt at an instance, with every process of it. */
export interface RealTask extends RunningTask {
  readonly pids: readonly number[];
}

export function tasksOn(machine: string, node: LanNode): readonly RealTask[] {
  const found = new Map<string, { service: string; instance: string; pids: number[] }>();
  for (const pid of node.processes()) {
    const environ = new Map(environOf(pid).map((entry) => split(entry, "=")));
    const mark = environ.get(markVariable);
    const service = environ.get(serviceVariable);
    if (mark === undefined || service === undefined) continue;
    const instance = mark.slice(mark.lastIndexOf("/") + 1).split(".")[0] ?? "";
    const task = found.get(mark) ?? { service, instance, pids: [] };
    task.pids.push(pid);
    found.set(mark, task);
  }
  return [...found.values()].map((task) => ({ machine, ...task }));
}

/** What users name their services in, so that processes tell whose they are. */
export const serviceVariable = "SERVICE";

function split(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}
