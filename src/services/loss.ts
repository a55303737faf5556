/** When what is placed on a node is lost to it, so that another takes it over. */
import type { Candidate } from "./eligibility.ts";

/** How long a node that has just come may take to hear of the others. */
export const missedMsMax = 5_000;

/**
 * In how many ms what is placed on `node` is lost to it, so that another takes it over: 0 where it is
 * already, undefined as long as it is not. A host that is silent is not waited for. One whose node alone is
 * gone has its tasks running, and is given its grace. A node that has left was told that its tasks run on,
 * and keeps them until it is forgotten. One that is not known was forgotten, or is yet to be heard of by a
 * node that has just come.
 */
export function lostInMs(
  node: Pick<Candidate, "state" | "awayForMs"> | undefined,
  restartGraceMs: number,
  missedForMs: number,
): number | undefined {
  switch (node?.state) {
    case "alive":
    case "suspect":
    case "left":
      return undefined;
    case "away":
      return Math.max(0, restartGraceMs - (node.awayForMs ?? 0));
    case "dead":
      return 0;
    case undefined:
      return Math.max(0, missedMsMax - missedForMs);
  }
}
