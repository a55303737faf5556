/** The API's commands that have instances stand still, and go on. */
import type { Operations } from "../actors/operations.ts";
import type { Commands } from "../api/commands.ts";
import type { PausedResult } from "../api/results.ts";

export function pauseCommands(operations: Operations): Pick<Commands, "pause" | "unpause"> {
  const bring = async (names: readonly string[], isPaused: boolean): Promise<PausedResult[]> => {
    await operations.caughtUp();
    const instances = await operations.setPaused(names, isPaused);
    const done = isPaused ? "paused" : "resumed";
    return instances.map(({ name, slot, node, changed }) => {
      return { name, slot, node: operations.nodeName(node), result: changed ? done : "unchanged" };
    });
  };
  return { pause: (names) => bring(names, true), unpause: (names) => bring(names, false) };
}
