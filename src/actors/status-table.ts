/**
 * What the nodes have told of their instances, by instance and by the slot that it is of: of one slot there may be
 * several, as where it was placed anew while its node could not be heard.
 */
import type { InstanceId, ServiceName } from "../core/ids.ts";
import type { StatusRecord } from "../services/records.ts";

export class StatusTable {
  readonly #byInstance = new Map<InstanceId, StatusRecord>();
  /** Replaced, never changed: who has one may keep it. */
  readonly #bySlot = new Map<string, readonly StatusRecord[]>();

  get(instance: InstanceId): StatusRecord | undefined {
    return this.#byInstance.get(instance);
  }

  /** Of a slot, whichever creation of its service it was; those that do not tell their slot aside. */
  ofSlot(service: ServiceName, slot: number): readonly StatusRecord[] {
    return this.#bySlot.get(slotKey(service, slot)) ?? none;
  }

  all(): Iterable<StatusRecord> {
    return this.#byInstance.values();
  }

  /** Undefined: nothing is told of it any more. */
  set(instance: InstanceId, record: StatusRecord | undefined): void {
    const before = this.#byInstance.get(instance);
    if (before?.placed !== undefined) this.#drop(before, before.placed.slot);
    if (record === undefined) {
      this.#byInstance.delete(instance);
      return;
    }
    this.#byInstance.set(instance, record);
    const { service, placed } = record;
    if (placed === undefined) return;
    const others = this.ofSlot(service, placed.slot);
    this.#bySlot.set(slotKey(service, placed.slot), [...others, record]);
  }

  /** Forgets those of services that are so. */
  drop(isSo: (service: ServiceName) => boolean): void {
    for (const { service, instance } of [...this.all()]) {
      if (isSo(service)) this.set(instance, undefined);
    }
  }

  #drop(record: StatusRecord, slot: number): void {
    const key = slotKey(record.service, slot);
    const others = this.ofSlot(record.service, slot).filter((other) => other !== record);
    if (others.length === 0) this.#bySlot.delete(key);
    else this.#bySlot.set(key, others);
  }
}

const none: readonly StatusRecord[] = [];

function slotKey(service: ServiceName, slot: number): string {
  return `${service} ${slot}`;
}
