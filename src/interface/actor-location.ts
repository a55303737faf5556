/** Finds the actors that users name: by node and path, or as those of a service, wherever it runs. */
import { servicePath } from "../actors/names.ts";
import type { NodeInfo } from "../actors/node-view.ts";
import type { Operations } from "../actors/operations.ts";
import { Conflict, NotFound } from "../core/errors.ts";
import type { Locate, Located } from "./actor-tracing.ts";

const ofService = /^service\/(.+)$/;

export interface LocationOptions {
  readonly operations: Pick<Operations, "nodes" | "instances" | "nodeName">;
  /** This node. */
  readonly own: Pick<NodeInfo, "id" | "name">;
}

export function createLocate({ operations, own }: LocationOptions): Locate {
  return (target, wanted) => {
    const [, rest] = ofService.exec(target) ?? [];
    if (rest !== undefined) return ofInstance(operations, rest);
    if (wanted === undefined) return { node: own, target };
    const isMeant = ({ name, id }: NodeInfo) => name === wanted || id === wanted;
    const node = operations.nodes().find(isMeant);
    if (node === undefined) throw new NotFound(`there is no node ${wanted}`);
    return { node, target };
  };
}

/** `rest`: the name of a service, which may have slashes, and the path of an actor below it. */
function ofInstance(operations: LocationOptions["operations"], rest: string): Located {
  const isOrIsAbove = (name: string) => rest === name || rest.startsWith(`${name}/`);
  const [longest] = operations
    .instances()
    .filter(({ name }) => isOrIsAbove(name))
    .sort((a, b) => b.name.length - a.name.length);
  if (longest === undefined) throw new NotFound(`there is no service ${rest}`);
  const { name, node: id, instance } = longest;
  if (instance === null || id === null) {
    throw new Conflict(`${name} has no actors yet: it has not been placed`);
  }
  const target = `${servicePath(instance)}${rest.slice(name.length)}`;
  return { node: { id, name: operations.nodeName(id) }, target };
}
