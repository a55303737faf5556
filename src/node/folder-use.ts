/** Who has the data folder that a task was started from: this node, another of this machine, or nobody. */
import { dirname } from "node:path";
import type { LookAtFolder } from "../actors/janitor.ts";
import { isMissing } from "../keeper/marked-trees.ts";
import { isLocked } from "./data-folder.ts";

/** @param own the data folder of this node. A provider's folder is two below, by `start.ts`: DATA/tasks/TYPE. */
export function folderUse(own: string): LookAtFolder {
  return async (providerFolder) => {
    const dataFolder = dirname(dirname(providerFolder));
    if (dataFolder === own) return { dataFolder, use: "own" };
    if (await isLocked(dataFolder)) return { dataFolder, use: "running" };
    return { dataFolder, use: isMissing(dataFolder) ? "gone" : "stopped" };
  };
}
