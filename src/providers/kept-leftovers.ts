/** What other nodes' keepers have started, of one provider's kind: process trees, by their marks. */
import { Conflict } from "../core/errors.ts";
import type { Keeper } from "../keeper/keeper.ts";
import { keeperIdOf } from "../keeper/keeper-folder.ts";
import {
  isFolderGone,
  killMarkedTree,
  type MarkedTree,
  markedTrees,
} from "../keeper/marked-trees.ts";
import { type TaskKey, taskKey } from "../keeper/record-names.ts";
import type { Leftover, Leftovers } from "./provider.ts";

interface Found {
  readonly leftover: Leftover;
  readonly tree: MarkedTree;
}

/** @param type the provider's */
export function keptLeftovers(keeper: Keeper, type: string): Leftovers {
  const own = keeperIdOf(keeper.folder);

  const find = async (): Promise<readonly Found[]> => {
    // A task has its records before it runs, and loses them after its end: one that is running now had them
    // before the look or has them after it.
    const before = await recordedTasks(keeper);
    const trees = await markedTrees();
    const after = await recordedTasks(keeper);
    return trees.flatMap((tree) => {
      const isOwn = tree.keeper === own;
      if (isOwn ? before.has(tree.key) || after.has(tree.key) : tree.provider !== type) return [];
      return [{ tree, leftover: leftoverOf(tree, isOwn || isFolderGone(tree)) }];
    });
  };

  return {
    list: async () => (await find()).map(({ leftover }) => leftover),
    async remove(id) {
      const found = (await find()).find(({ leftover }) => leftover.id === id);
      if (found === undefined) return;
      const { leftover, tree } = found;
      if (!leftover.isOrphan) throw new Conflict(`${id} is another node's: ${leftover.folder}`);
      await killMarkedTree(tree);
    },
  };
}

/** The tasks that a keeper has records of. */
export async function recordedTasks(keeper: Keeper): Promise<ReadonlySet<TaskKey>> {
  return new Set((await keeper.list()).map(({ instance, attempt }) => taskKey(instance, attempt)));
}

function leftoverOf(tree: MarkedTree, isOrphan: boolean): Leftover {
  const { mark: id, instance, attempt, folder, startedAt } = tree;
  return {
    id,
    instance,
    attempt,
    isOrphan,
    ...(folder !== undefined && { folder }),
    ...(startedAt !== undefined && { startedAt }),
  };
}
