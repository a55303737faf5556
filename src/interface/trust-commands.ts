/** The API's commands about who is let in among nodes, carried out. */
import type { KeysInfo } from "../actors/key-keeper.ts";
import type { Operations } from "../actors/operations.ts";
import type { TrustOperations } from "../actors/trust-operations.ts";
import type { Commands } from "../api/commands.ts";
import type { KeysView } from "../api/trust-shapes.ts";
import { nodeView } from "./node-shape.ts";

export function trustCommands({
  trust,
  operations,
}: {
  readonly trust: TrustOperations;
  readonly operations: Operations;
}): Pick<Commands, "issueJoinToken" | "joinByToken" | "keys" | "rotateKeys"> {
  return {
    async issueJoinToken(wantedFor) {
      const { token, address, expiresAtMs } = trust.issueJoinToken(wantedFor);
      return { token, address, expires: expiresAtMs };
    },
    async joinByToken(token, address) {
      await trust.joinByToken(token, address);
      return operations.nodes().map(nodeView);
    },
    keys: async () => keysView(await trust.keys()),
    rotateKeys: async (step, key) => keysView(await trust.rotate(step, key)),
  };
}

function keysView({ keys, away }: KeysInfo): KeysView {
  return { keys: keys.map(({ missing, ...key }) => ({ ...key, missing: [...missing] })), away };
}
