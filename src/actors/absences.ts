/**
 * Since when nodes are away, or not known though something is placed on them, as this node has seen it: no
 * one tells, and the clocks of others mean nothing here.
 */
import type { NodeId } from "../core/ids.ts";
import type { Member } from "../membership/view.ts";

export class Absences {
  readonly #sinceMs = new Map<NodeId, number>();

  /**
   * @param used nodes on which something is placed
   * @param nowMs of a monotonic clock, as in `forMs`
   */
  note(
    members: readonly Pick<Member, "id" | "state">[],
    used: Iterable<NodeId>,
    nowMs: number,
  ): void {
    const absent = new Set(used);
    for (const { id, state } of members) {
      if (state === "away") absent.add(id);
      else absent.delete(id);
    }
    for (const id of this.#sinceMs.keys()) if (!absent.has(id)) this.#sinceMs.delete(id);
    for (const id of absent) if (!this.#sinceMs.has(id)) this.#sinceMs.set(id, nowMs);
  }

  /** For how long a node has been absent; 0 for one that is not. */
  forMs(node: NodeId, nowMs: number): number {
    return nowMs - (this.#sinceMs.get(node) ?? nowMs);
  }
}
