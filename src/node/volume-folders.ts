/**
 * The volumes of this node in its data folder: `volumes/NAME/data`, and beside it `holder`, the instance that has
 * it. No folder is made before a volume is, and none is deleted but by `remove`.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { VolumeFolders } from "../actors/volume-claims.ts";
import { asInstanceId, type InstanceId } from "../core/ids.ts";

/** @param folder absolute; it need not be there */
export function volumeFolders(folder: string): VolumeFolders {
  const holderFile = (volume: string) => join(folder, volume, "holder");
  return {
    holders() {
      const holders = new Map<string, InstanceId>();
      for (const volume of readIfThere(() => readdirSync(folder)) ?? []) {
        const holder = readIfThere(() => readFileSync(holderFile(volume), "utf8"));
        if (holder !== undefined) holders.set(volume, asInstanceId(holder));
      }
      return holders;
    },
    hold(volume, instance) {
      const data = join(folder, volume, "data");
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      // What is in a container may have another user, and sees this folder alone.
      mkdirSync(data, { recursive: true, mode: 0o755 });
      writeFileSync(`${holderFile(volume)}.new`, instance, { mode: 0o600 });
      renameSync(`${holderFile(volume)}.new`, holderFile(volume));
      return data;
    },
    free(volume) {
      rmSync(holderFile(volume), { force: true });
    },
    async remove(volume) {
      await rm(join(folder, volume), { recursive: true, force: true });
    },
  };
}

/** @throws what `read` throws, but for what is not there */
function readIfThere<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}
