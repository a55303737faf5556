/**
 * What is reserved on each node, as the one who places sees it: by instance, since what an instance takes
 * over from, or replaces, does not count against it alike. The node's own ledger has the last word.
 */
import type { InstanceId, NodeId } from "../core/ids.ts";
import { differenceOf, noResources, type Resources, sumOf } from "../core/resources.ts";

export interface Booking {
  readonly node: NodeId;
  readonly instance: InstanceId;
  readonly resources: Resources;
}

interface OnNode {
  readonly byInstance: Map<InstanceId, Resources>;
  total: Resources;
}

export class Bookings {
  readonly #byNode = new Map<NodeId, OnNode>();

  constructor(all: Iterable<Booking> = []) {
    for (const booking of all) this.book(booking);
  }

  /** In place of what it had there. */
  book({ node, instance, resources }: Booking): void {
    const there = this.#byNode.get(node) ?? { byInstance: new Map(), total: noResources };
    const before = there.byInstance.get(instance) ?? noResources;
    there.total = sumOf([differenceOf(there.total, before), resources]);
    there.byInstance.set(instance, resources);
    this.#byNode.set(node, there);
  }

  /** @param besides an instance that is not counted: what is asked for comes in its place */
  on(node: NodeId, besides?: InstanceId): Resources {
    const there = this.#byNode.get(node);
    if (there === undefined) return noResources;
    const own = besides === undefined ? undefined : there.byInstance.get(besides);
    return own === undefined ? there.total : differenceOf(there.total, own);
  }
}
