/** The API's commands about volumes. */
import type { Operations } from "../actors/operations.ts";
import type { Commands } from "../api/commands.ts";
import type { NodeId } from "../core/ids.ts";
import { acknowledgement } from "./acknowledgement.ts";

export function volumeCommands(operations: Operations): Pick<Commands, "volumes" | "removeVolume"> {
  const named = (id: NodeId) => operations.nodeName(id);
  return {
    async volumes() {
      await operations.caughtUp();
      return operations.volumes().map(({ name, kind, node, service = null }) => {
        return { name, kind, node: named(node), service };
      });
    },
    async removeVolume(volume) {
      await operations.caughtUp();
      const { name, node, isDeleted, receipt } = await operations.removeVolume(volume);
      const told = { name, node: named(node), deleted: isDeleted };
      return { ...told, ...acknowledgement(receipt, (id) => id && named(id)) };
    },
  };
}
