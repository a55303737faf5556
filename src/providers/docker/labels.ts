/**
 * The labels that mark a node's containers, in an engine that several nodes and people share: what
 * has not all of them is no container of that node's.
 */
import { asInstanceId, type InstanceId } from "../../core/ids.ts";
import type { TaskContext } from "../provider.ts";

export const nodeLabel = "mob.node";
const serviceLabel = "mob.service";
const instanceLabel = "mob.instance";
const attemptLabel = "mob.attempt";

/** Which task a container is. */
export interface TaskName {
  readonly node: string;
  readonly instance: InstanceId;
  readonly attempt: number;
}

export function labelsOf(
  { node, instance, attempt }: TaskName,
  { service }: TaskContext,
): Record<string, string> {
  return {
    [nodeLabel]: node,
    [serviceLabel]: service,
    [instanceLabel]: instance,
    [attemptLabel]: String(attempt),
  };
}

/** Undefined where they name no task of Mob's. */
export function taskOf(labels: Readonly<Record<string, string>>): TaskName | undefined {
  const { [nodeLabel]: node, [instanceLabel]: instance, [attemptLabel]: attempt = "" } = labels;
  if (node === undefined || instance === undefined || !/^\d{1,15}$/.test(attempt)) return undefined;
  return { node, instance: asInstanceId(instance), attempt: Number(attempt) };
}

/** What finds the containers of a node's: of one instance, or all. */
export function labelFilter(node: string, instance?: InstanceId): readonly string[] {
  const ofNode = `${nodeLabel}=${node}`;
  return instance === undefined ? [ofNode] : [ofNode, `${instanceLabel}=${instance}`];
}

/** One name a task, so that the engine itself makes sure that none is made twice; people know it by its service. */
export function containerName({ node, instance, attempt }: TaskName, service: string): string {
  return `${service.replaceAll("/", ".")}-${instance}-${attempt}-${node.slice(0, 8)}`;
}
