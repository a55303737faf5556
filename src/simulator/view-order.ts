/**
 * Holds the views that nodes publish to their order: the versions of one life's views only go up, and
 * so does the incarnation that they tell of each node.
 */
import type { NodeId } from "../core/ids.ts";
import { bootOf } from "../membership/incarnation.ts";
import type { View } from "../membership/view.ts";
import type { MemberHost } from "./member-host.ts";

export class ViewOrder {
  /** Everything that must never be and was. */
  readonly violations: string[] = [];
  /** Highest incarnation that each host saw of each node, and its version of its view. */
  readonly #seen = new Map<
    MemberHost,
    { version: number; readonly members: Map<NodeId, number> }
  >();

  /** A host has published a view. */
  look(host: MemberHost, view: View): void {
    const { process } = host;
    if (process === undefined) return;
    let seen = this.#seen.get(host);
    if (seen === undefined || seen.version > view.version) {
      if (seen !== undefined && view.version > 2) {
        this.violations.push(`view ${view.version} of ${host.number} comes after ${seen.version}`);
      }
      seen = { version: 0, members: new Map() };
      this.#seen.set(host, seen);
    }
    seen.version = view.version;
    for (const { id, incarnation } of view.members) {
      const before = seen.members.get(id) ?? 0;
      if (incarnation < before) {
        this.violations.push(
          `${host.number} saw ${id} at ${incarnation}, boot ${bootOf(incarnation)}, after ${before}`,
        );
      }
      seen.members.set(id, incarnation);
    }
  }
}
