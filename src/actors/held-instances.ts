/** The instances that a node has taken up, found by the groups in which a change may concern them. */
import type { InstanceId, ServiceName } from "../core/ids.ts";
import type { MonitorId } from "../otp/signals.ts";
import type { Provider } from "../providers/provider.ts";
import type { Desired } from "../services/instance.ts";
import type { PlacementRecord } from "../services/records.ts";

/** An instance that this node has taken up. */
export interface InstanceHere {
  readonly placement: PlacementRecord;
  /** What was wanted of it when it was taken up. */
  readonly desired: Desired;
  readonly provider: Provider;
  /** Services that it requires which were deployed at some time since: its actors may crash between two looks. */
  readonly wereThere: Set<ServiceName>;
}

export interface Held extends InstanceHere {
  /** Of its supervisor; undefined: that gave up, and the next pass starts it again. */
  monitor: MonitorId | undefined;
  /** The groups that it heeds: its own, and those of what it requires. */
  groups: readonly string[];
}

export class HeldInstances {
  readonly #all = new Map<InstanceId, Held>();
  readonly #byGroup = new Map<string, Set<InstanceId>>();

  get(instance: InstanceId): Held | undefined {
    return this.#all.get(instance);
  }

  has(instance: InstanceId): boolean {
    return this.#all.has(instance);
  }

  instances(): Iterable<InstanceId> {
    return this.#all.keys();
  }

  entries(): Iterable<[InstanceId, Held]> {
    return this.#all.entries();
  }

  add(held: Held): void {
    const { instance } = held.placement;
    this.#all.set(instance, held);
    this.#enter(instance, held.groups);
  }

  delete(instance: InstanceId): void {
    const held = this.#all.get(instance);
    if (held === undefined) return;
    this.#all.delete(instance);
    this.#leave(instance, held.groups);
  }

  /** Has an instance heed these groups from now on. */
  heed(held: Held, groups: readonly string[]): void {
    const { instance } = held.placement;
    this.#leave(instance, held.groups);
    held.groups = groups;
    this.#enter(instance, groups);
  }

  /** Those that heed one of the groups, each once. */
  heeding(groups: Iterable<string>): readonly Held[] {
    const found = new Set<InstanceId>();
    for (const group of groups) for (const one of this.#byGroup.get(group) ?? []) found.add(one);
    return [...found].flatMap((instance) => this.#all.get(instance) ?? []);
  }

  #enter(instance: InstanceId, groups: readonly string[]): void {
    for (const group of groups) {
      const those = this.#byGroup.get(group) ?? new Set();
      this.#byGroup.set(group, those.add(instance));
    }
  }

  #leave(instance: InstanceId, groups: readonly string[]): void {
    for (const group of groups) {
      const those = this.#byGroup.get(group);
      those?.delete(instance);
      if (those?.size === 0) this.#byGroup.delete(group);
    }
  }
}
