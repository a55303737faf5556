/**
 * Removes the cgroups of a keeper that was killed with its tasks: a node that goes on removes its own,
 * and a test must not leave those of one that does not.
 */
import { createHash } from "node:crypto";
import { readdirSync, realpathSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { ownCgroup, removeIfEmpty } from "../../src/keeper/cgroup.ts";
import { eventually } from "./eventually.ts";

/**
 * @param folder the keeper's own. To be called once no process of its tasks is left: one that has no
 * environment any more may still be on its way out of its cgroup, which is waited for.
 */
export async function removeLeftoverCgroups(folder: string): Promise<void> {
  const id = createHash("sha256").update(realpathSync(folder)).digest("hex").slice(0, 12);
  for (const hierarchy of ["unified", "memory", "cpu"]) {
    const own = ownCgroup(hierarchy);
    if (own !== undefined) await removeBelow(join(own, `mob-${id}`));
  }
}

async function removeBelow(base: string): Promise<void> {
  await eventually(() => {
    for (const entry of foldersIn(base)) tryToRemove(join(base, entry));
    return foldersIn(base).length === 0;
  }, `empty cgroups in ${base}`);
  removeIfEmpty(base);
}

function tryToRemove(cgroup: string): void {
  try {
    rmdirSync(cgroup);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EBUSY") throw error;
  }
}

function foldersIn(path: string): string[] {
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
  } catch {
    return []; // There is none: nothing of it was left.
  }
}
