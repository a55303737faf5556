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
const folderLabel = "mob.folder";
const hostLabel = "mob.host";
const networkLabel = "mob.network";

/** Whose a container is, told so that it can be judged once its node is gone. */
export interface TaskOwner {
  /** Of the provider, without symbolic links. */
  readonly folder: string;
  /** Name of the host, as the node sees it: in a container it sees another one, and other folders. */
  readonly host: string;
  /** Id of the node's network. */
  readonly network: string | undefined;
}

/** Which task a container is. */
export interface TaskName {
  readonly node: string;
  readonly instance: InstanceId;
  readonly attempt: number;
}

export function labelsOf(
  { node, instance, attempt }: TaskName,
  { service }: Pick<TaskContext, "service">,
  { folder, host, network }: TaskOwner,
): Record<string, string> {
  return {
    [nodeLabel]: node,
    [serviceLabel]: service,
    [instanceLabel]: instance,
    [attemptLabel]: String(attempt),
    [folderLabel]: folder,
    [hostLabel]: host,
    ...(network !== undefined && { [networkLabel]: network }),
  };
}

/** What they tell of its owner and its service: nothing, where an earlier version made it. */
export function ownerOf(
  labels: Readonly<Record<string, string>>,
): Partial<TaskOwner> & { readonly service: string | undefined } {
  const { [folderLabel]: folder, [hostLabel]: host, [networkLabel]: network } = labels;
  const told = { network, service: labels[serviceLabel] };
  return { ...told, ...(folder !== undefined && { folder }), ...(host !== undefined && { host }) };
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
