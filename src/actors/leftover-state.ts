/** Whether a task that some node has started is left over, and may be removed: decided by whose it is. Pure. */
import type { Leftover } from "../providers/provider.ts";

/** Who has the data folder that a task was started from. `gone`: it is not there, and no node holds it. */
export type FolderUse = "own" | "running" | "stopped" | "gone";

export interface LeftoverState {
  /** `gone` alone may be removed. */
  readonly state: "gone" | "stopped" | "unknown";
  /** Why it is left over, to people. */
  readonly reason: string;
}

/**
 * Undefined for what is no leftover: its node runs.
 * @param use undefined where the task does not tell its folder
 * @param isLive the node that it names is a live one of this network
 */
export function leftoverState(
  { isOrphan }: Pick<Leftover, "isOrphan">,
  use: FolderUse | undefined,
  isLive: boolean,
): LeftoverState | undefined {
  switch (use) {
    case undefined:
      if (isLive) return undefined;
      return { state: "unknown", reason: "it does not tell which data folder it is of" };
    case "running":
      return undefined;
    case "stopped":
      return { state: "stopped", reason: "no node runs on its data folder" };
    case "own":
      if (!isOrphan) return undefined;
      return { state: "gone", reason: "its data folder was made anew" };
    case "gone":
      if (isLive) return undefined;
      if (isOrphan) return { state: "gone", reason: "its data folder is gone" };
      return { state: "unknown", reason: "its data folder may be on another host" };
  }
}
