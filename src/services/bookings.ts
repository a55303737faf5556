/**
 * What is reserved on each node, as the one who places sees it: by instance, since what an instance takes
 * over from, or replaces, does not count against it alike. The node's own ledger has the last word.
 */
import type { InstanceId, NodeId } from "../core/ids.ts";
import { type Resources, sumOf } from "../core/resources.ts";

export interface Booking {
  readonly node: NodeId;
  readonly instance: InstanceId;
  readonly resources: Resources;
}

export class Bookings {
  readonly #byNode = new Map<NodeId, Map<InstanceId, Resources>>();

  constructor(all: Iterable<Booking> = []) {
    for (const booking of all) this.book(booking);
  }

  /** In place of what it had there. */
  book({ node, instance, resources }: Booking): void {
    const there = this.#byNode.get(node) ?? new Map<InstanceId, Resources>();
    this.#byNode.set(node, there.set(instance, resources));
  }

  /** @param besides an instance that is not counted: what is asked for comes in its place */
  on(node: NodeId, besides?: InstanceId): Resources {
    const there = [...(this.#byNode.get(node) ?? [])];
    return sumOf(there.flatMap(([instance, each]) => (instance === besides ? [] : [each])));
  }
}
