/** The volumes of other nodes in a pool, and which of them are orphans: by what is noted in them. */
import { Conflict } from "../../core/errors.ts";
import type { Keeper } from "../../keeper/keeper.ts";
import { isMissing, killMarkedTree, markedTrees } from "../../keeper/marked-trees.ts";
import type { Leftover, Leftovers } from "../provider.ts";
import type { Ownership } from "./ownership.ts";
import type { Volumes } from "./volumes.ts";

/** @param own what this node's volumes have noted */
export function volumeLeftovers(
  volumes: Volumes,
  keeper: Keeper,
  own: Pick<Ownership, "node" | "folder" | "host">,
): Leftovers {
  const recorded = async () => new Set((await keeper.list()).map(({ instance }) => instance));

  const find = async (): Promise<readonly Leftover[]> => {
    // A task has its records before its volume runs, and loses them after that is gone.
    const before = await recorded();
    const all = await volumes.all();
    const after = await recorded();
    return all.flatMap(({ name, owner }) => {
      if (owner === undefined) return [];
      const isOwn = owner.node === own.node && owner.folder === own.folder;
      if (isOwn && (before.has(owner.instance) || after.has(owner.instance))) return [];
      return [leftoverOf(name, owner, own)];
    });
  };

  return {
    list: find,
    async remove(id) {
      const leftover = (await find()).find((one) => one.id === id);
      if (leftover === undefined) return;
      const { isOrphan, folder, instance, node = "" } = leftover;
      if (!isOrphan) throw new Conflict(`${id} is another node's: ${folder}`);
      for (const tree of await markedTrees()) {
        if (tree.folder === folder && tree.instance === instance) await killMarkedTree(tree);
      }
      await volumes.remove({ name: id, owner: { node, instance } });
    },
  };
}

function leftoverOf(
  id: string,
  { instance, attempt, folder, node, network, service, host, since }: Ownership,
  own: Pick<Ownership, "folder" | "host">,
): Leftover {
  // On another host a folder that we do not see may be there all the same.
  const isOrphan = host === own.host && (folder === own.folder || isMissing(folder));
  return { id, instance, attempt, folder, node, network, service, startedAt: since, isOrphan };
}
