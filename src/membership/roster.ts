/**
 * Every node that is known, in order of ids, which is also the ring; with the count of the live and a
 * hash over all kept as they change, so that nothing of a quiet network costs time in proportion to
 * its size. Changed in place; the records are immutable.
 */
import type { NodeId } from "../core/ids.ts";
import { isLive, type MemberRecord, severity } from "./view.ts";

export class Roster {
  readonly #byId = new Map<NodeId, MemberRecord>();
  /** The same, sorted by id. */
  readonly #sorted: MemberRecord[] = [];
  #live = 0;
  #low = 0;
  #high = 0;

  get(id: NodeId): MemberRecord | undefined {
    return this.#byId.get(id);
  }

  get size(): number {
    return this.#sorted.length;
  }

  /** How many are live. */
  get live(): number {
    return this.#live;
  }

  /** In order of ids; not to be kept, for it changes with the roster. */
  all(): readonly MemberRecord[] {
    return this.#sorted;
  }

  /** Of everyone's incarnation and state, suspicion aside: equal for those who know the same. Below 2^53. */
  get hash(): number {
    return (this.#high >>> 11) * 2 ** 32 + (this.#low >>> 0);
  }

  put(record: MemberRecord): void {
    const before = this.#byId.get(record.id);
    const place = this.#placeOf(record.id);
    if (before === undefined) this.#sorted.splice(place, 0, record);
    else {
      this.#count(before, -1);
      this.#sorted[place] = record;
    }
    this.#byId.set(record.id, record);
    this.#count(record, 1);
  }

  /** Up to `count` live nodes after `id` on the ring, the nearest first. */
  successors(id: NodeId, count: number): readonly NodeId[] {
    return this.#neighbours(id, count, 1);
  }

  /** Up to `count` live nodes before `id` on the ring, the nearest first. */
  predecessors(id: NodeId, count: number): readonly NodeId[] {
    return this.#neighbours(id, count, -1);
  }

  #neighbours(id: NodeId, count: number, direction: 1 | -1): readonly NodeId[] {
    const found: NodeId[] = [];
    const { length } = this.#sorted;
    const at = this.#placeOf(id);
    // One that is not known itself stands between two.
    const isBetween = this.#sorted[at]?.id !== id;
    const before = direction === 1 && isBetween ? at - 1 : at;
    for (let steps = 1; steps <= length && found.length < count; steps++) {
      const next = this.#sorted[(before + direction * steps + 2 * length) % length];
      if (next === undefined || next.id === id) break;
      if (isLive(next)) found.push(next.id);
    }
    return found;
  }

  /** Where `id` is, or would be, among the sorted ids. */
  #placeOf(id: NodeId): number {
    let low = 0;
    let high = this.#sorted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#sorted[middle]?.id ?? id) < id) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #count(record: MemberRecord, by: 1 | -1): void {
    if (isLive(record)) this.#live += by;
    const state = record.state === "suspect" ? "alive" : record.state;
    const text = `${record.id}/${record.incarnation}/${severity[state]}`;
    // Exclusive or: what goes in once more goes out again, in any order.
    this.#low ^= hashOf(text, 0x811c9dc5);
    this.#high ^= hashOf(text, 0x01935d2b);
  }
}

/**
 * FNV-1a, 32 bits, and the last mixing of MurmurHash3. Without that, two nodes that hold each other for
 * dead and themselves for alive would often have one hash: the same bits differ in both records.
 */
export function hashOf(text: string, basis: number): number {
  let hash = basis;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
