/**
 * Since when nodes are away, as this node has seen it: no one tells, and the clocks of others mean
 * nothing here.
 */
import type { NodeId } from "../core/ids.ts";
import type { Member } from "../membership/view.ts";

export class Absences {
  readonly #sinceMs = new Map<NodeId, number>();

  /** @param nowMs of a monotonic clock, as in `forMs` */
  note(members: readonly Pick<Member, "id" | "state">[], nowMs: number): void {
    const away = new Set(members.filter(({ state }) => state === "away").map(({ id }) => id));
    for (const id of this.#sinceMs.keys()) if (!away.has(id)) this.#sinceMs.delete(id);
    for (const id of away) if (!this.#sinceMs.has(id)) this.#sinceMs.set(id, nowMs);
  }

  /** For how long a node has been away; 0 for one that is not. */
  forMs(node: NodeId, nowMs: number): number {
    return nowMs - (this.#sinceMs.get(node) ?? nowMs);
  }
}
