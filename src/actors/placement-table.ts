/**
 * Where every instance is placed, by its slot and by its id, and how many are on each node: the part of
 * the catalog that decides where the next one goes. Kept up to date with each record, so that a decision
 * on one service costs the same however many there are.
 */
import type { InstanceId, NodeId, ServiceName } from "../core/ids.ts";
import type { PlacementRecord } from "../services/records.ts";

export class PlacementTable {
  readonly #bySlot = new Map<string, PlacementRecord>();
  readonly #serviceOf = new Map<InstanceId, ServiceName>();
  readonly #counts = new Map<NodeId, number>();

  get(name: string, slot: number): PlacementRecord | undefined {
    return this.#bySlot.get(`${name}/${slot}`);
  }

  /** The service that an instance was placed for, while it is. */
  serviceOf(instance: InstanceId): ServiceName | undefined {
    return this.#serviceOf.get(instance);
  }

  all(): readonly PlacementRecord[] {
    return [...this.#bySlot.values()];
  }

  /** Instances placed on a node. */
  countOn(node: NodeId): number {
    return this.#counts.get(node) ?? 0;
  }

  /** Undefined: it is placed no more. */
  set(name: string, slot: number, placement: PlacementRecord | undefined): void {
    const key = `${name}/${slot}`;
    const before = this.#bySlot.get(key);
    if (before !== undefined) {
      this.#bySlot.delete(key);
      this.#serviceOf.delete(before.instance);
      this.#count(before.node, -1);
    }
    if (placement === undefined) return;
    this.#bySlot.set(key, placement);
    this.#serviceOf.set(placement.instance, placement.service);
    this.#count(placement.node, 1);
  }

  /** Forgets those of services that are so. */
  drop(isSo: (service: ServiceName) => boolean): void {
    for (const { service, slot } of this.all())
      if (isSo(service)) this.set(service, slot, undefined);
  }

  #count(node: NodeId | null, by: 1 | -1): void {
    if (node === null) return;
    const count = this.countOn(node) + by;
    if (count === 0) this.#counts.delete(node);
    else this.#counts.set(node, count);
  }
}
