/** Volumes of a virtual machine: which there are, and who has them. They outlive the nodes that run on it. */
import type { VolumeFolders, VolumeMounts } from "../actors/volume-claims.ts";
import { Unavailable } from "../core/errors.ts";
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

/** No virtual machine mounts any. */
export const noVolumeMounts: VolumeMounts = {
  holders: () => new Set(),
  hold: async () => {
    throw new Unavailable("a virtual machine mounts no volumes");
  },
  free: async () => {},
};
