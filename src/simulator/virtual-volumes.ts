/** Volumes of a virtual machine: which there are, and who has them. They outlive the nodes that run on it. */
import type { VolumeFolders } from "../actors/volume-claims.ts";
import type { InstanceId } from "../core/ids.ts";

export function virtualVolumes(): VolumeFolders {
  const volumes = new Map<string, InstanceId | undefined>();
  return {
    holders() {
      const held = [...volumes].filter(
        (entry): entry is [string, InstanceId] => entry[1] !== undefined,
      );
      return new Map(held);
    },
    hold(volume, instance) {
      volumes.set(volume, instance);
      return `/volumes/${volume}`;
    },
    free(volume) {
      volumes.set(volume, undefined);
    },
    async remove(volume) {
      volumes.delete(volume);
    },
  };
}
