/** The containers of other nodes in an engine, and which of them are orphans: by their labels. */
import { Conflict } from "../../core/errors.ts";
import { isMissing } from "../../keeper/marked-trees.ts";
import type { Leftover, Leftovers } from "../provider.ts";
import type { ContainerState } from "./container-state.ts";
import type { Engine } from "./engine.ts";
import { nodeLabel, ownerOf, type TaskOwner, taskOf } from "./labels.ts";

/**
 * @param node whose containers are no leftovers
 * @param own what that node's containers are labelled with
 */
export function containerLeftovers(engine: Engine, node: string, own: TaskOwner): Leftovers {
  const inspect = async (id: string): Promise<Leftover | undefined> => {
    const state = await engine.inspect(id);
    const leftover = state && leftoverOf(state, own);
    return leftover?.node === node ? undefined : leftover;
  };
  return {
    async list() {
      const found: Leftover[] = [];
      for (const id of await engine.list([nodeLabel])) {
        const leftover = await inspect(id);
        if (leftover !== undefined) found.push(leftover);
      }
      return found;
    },
    async remove(id) {
      const leftover = await inspect(id);
      if (leftover === undefined) return;
      if (!leftover.isOrphan) {
        throw new Conflict(
          `${id} is another node's: ${leftover.folder ?? "it does not say whose"}`,
        );
      }
      await engine.remove(id);
    },
  };
}

/** Undefined for what is no container of Mob's. */
function leftoverOf(
  { id, labels, startedAt }: ContainerState,
  own: TaskOwner,
): Leftover | undefined {
  const task = taskOf(labels);
  if (task === undefined) return undefined;
  const { folder, host, network, service } = ownerOf(labels);
  // On another host, or in a container, a folder that we do not see may be there all the same.
  const isJudged = folder !== undefined && host === own.host;
  return {
    id,
    ...task,
    // What another node had started from this one's folder is of a folder before it.
    isOrphan: isJudged && (folder === own.folder || isMissing(folder)),
    ...(folder !== undefined && { folder }),
    ...(network !== undefined && { network }),
    ...(service !== undefined && { service }),
    ...(startedAt > 0 && { startedAt }),
  };
}
