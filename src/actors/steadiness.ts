/**
 * For how long the network and its services have been as they are, as this node has seen it: no one tells,
 * and the clocks of others mean nothing here. What is moved to be spread better is no change of its service.
 */
import type { InstanceId } from "../core/ids.ts";
import type { PlacementRecord } from "../services/records.ts";

/** A service as it is now. */
export interface Seen {
  readonly name: string;
  /** What the users last said of it. */
  readonly wish: string;
  readonly placed: readonly PlacementRecord[];
}

interface Known {
  readonly wish: string;
  readonly instances: ReadonlyMap<number, InstanceId>;
  readonly sinceMs: number;
}

export class Steadiness {
  #network = { text: "", sinceMs: 0 };
  #services: ReadonlyMap<string, Known> = new Map();
  #best = { move: "", sinceMs: 0 };
  #moved: { readonly instance: InstanceId; readonly atMs: number } | undefined;

  /** The last instance that was seen to be moved, and when. */
  get moved(): { readonly instance: InstanceId; readonly atMs: number } | undefined {
    return this.#moved;
  }

  /** For how long one move has been the best at every look, ms. @param move names it, the same at every look */
  bestForMs(move: string, nowMs: number): number {
    if (move !== this.#best.move) this.#best = { move, sinceMs: nowMs };
    return nowMs - this.#best.sinceMs;
  }

  /** @param network the same text as long as its nodes are as they were @param nowMs of a monotonic clock */
  note(network: string, services: readonly Seen[], nowMs: number): void {
    if (network !== this.#network.text) this.#network = { text: network, sinceMs: nowMs };
    const known = services.map((seen): [string, Known] => [seen.name, this.#noted(seen, nowMs)]);
    this.#services = new Map(known);
  }

  /** Since when neither the network nor the service has changed; undefined: the service is not known. */
  sinceMs(service: string): number | undefined {
    const known = this.#services.get(service);
    return known && Math.max(known.sinceMs, this.#network.sinceMs);
  }

  #noted({ name, wish, placed }: Seen, nowMs: number): Known {
    const before = this.#services.get(name);
    const instances = new Map(placed.map(({ slot, instance }) => [slot, instance]));
    const fresh = placed.filter(({ slot, instance }) => before?.instances.get(slot) !== instance);
    const moved = fresh.find(({ cause }) => cause === "rebalance");
    if (before !== undefined && moved !== undefined) {
      this.#moved = { instance: moved.instance, atMs: nowMs };
    }
    const isSame =
      before?.wish === wish &&
      before.instances.size === instances.size &&
      fresh.every(({ cause }) => cause === "rebalance");
    return { wish, instances, sinceMs: isSame ? before.sinceMs : nowMs };
  }
}
