/**
 * Where every instance is placed, by its slot and by its id, and how many are on each node: the part of
 * the catalog that decides where the next one goes. Kept up to date with each record, so that a decision
 * on one service costs the same however many there are.
 */
import { asServiceName, type InstanceId, type NodeId, type ServiceName } from "../core/ids.ts";
import type { PlacementRecord } from "../services/records.ts";
import { groupOf } from "../services/service-name.ts";

export class PlacementTable {
  /** In order of slots. Replaced, never changed: who has one may keep it. */
  readonly #byService = new Map<string, readonly PlacementRecord[]>();
  /** Services of which something is placed, by group. */
  readonly #byGroup = new Map<string, Set<string>>();
  readonly #byInstance = new Map<InstanceId, PlacementRecord>();
  readonly #counts = new Map<NodeId, number>();

  get(name: string, slot: number): PlacementRecord | undefined {
    return this.of(name).find((placement) => placement.slot === slot);
  }

  /** Those of a service, in order of slots. */
  of(name: string): readonly PlacementRecord[] {
    return this.#byService.get(name) ?? none;
  }

  /** Those of all services of a group. */
  inGroup(group: string): readonly PlacementRecord[] {
    return [...(this.#byGroup.get(group) ?? [])].flatMap((name) => this.of(name));
  }

  /** What placed an instance, or names it as the one that is taken over from. */
  ofInstance(instance: InstanceId): PlacementRecord | undefined {
    return this.#byInstance.get(instance);
  }

  all(): readonly PlacementRecord[] {
    return [...this.#byService.values()].flat();
  }

  /** Instances placed on a node. */
  countOn(node: NodeId): number {
    return this.#counts.get(node) ?? 0;
  }

  /** Nodes on which something is placed. */
  nodes(): Iterable<NodeId> {
    return this.#counts.keys();
  }

  /** Undefined: it is placed no more. */
  set(name: string, slot: number, placement: PlacementRecord | undefined): void {
    const before = this.get(name, slot);
    if (before !== undefined) this.#drop(before);
    const others = this.of(name).filter((other) => other !== before);
    const all = placement === undefined ? others : [...others, placement];
    this.#note(name, all.length > 0);
    if (all.length === 0) this.#byService.delete(name);
    else this.#byService.set(name, all.length === 1 ? all : all.sort((a, b) => a.slot - b.slot));
    if (placement === undefined) return;
    this.#byInstance.set(placement.instance, placement);
    const { outgoing } = placement;
    if (outgoing !== undefined) this.#byInstance.set(outgoing.instance, placement);
    this.#count(placement.node, 1);
  }

  /** Forgets those of services that are so. */
  drop(isSo: (service: ServiceName) => boolean): void {
    for (const { service, slot } of this.all())
      if (isSo(service)) this.set(service, slot, undefined);
  }

  #drop(placement: PlacementRecord): void {
    const { instance, outgoing, node } = placement;
    for (const id of outgoing === undefined ? [instance] : [instance, outgoing.instance]) {
      // Another slot's record may have taken it up before this one goes.
      if (this.#byInstance.get(id) === placement) this.#byInstance.delete(id);
    }
    this.#count(node, -1);
  }

  /** Whether something of a service is placed. */
  #note(name: string, isPlaced: boolean): void {
    const group = groupOf(asServiceName(name));
    const names = this.#byGroup.get(group) ?? new Set();
    if (isPlaced) names.add(name);
    else names.delete(name);
    if (names.size === 0) this.#byGroup.delete(group);
    else this.#byGroup.set(group, names);
  }

  #count(node: NodeId | null, by: 1 | -1): void {
    if (node === null) return;
    const count = this.countOn(node) + by;
    if (count === 0) this.#counts.delete(node);
    else this.#counts.set(node, count);
  }
}

const none: readonly PlacementRecord[] = [];
