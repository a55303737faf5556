/**
 * What lies between machines: for each ordered pair how long a frame takes, how many bytes a second
 * pass, and whether anything passes at all. All connections of a pair share its throughput.
 */
import type { Random } from "../core/env.ts";

/** How a link is; one that nobody changed is as the network was made. */
export interface LinkQuality {
  /** Shortest and longest time that a frame takes, in virtual ms. */
  readonly delayMs: { readonly min: number; readonly max: number };
  readonly bytesPerSecond: number;
}

/** A share of all frames takes longer, as when a packet was lost and sent again. */
export interface Lateness {
  /** In [0, 1]. */
  readonly share: number;
  readonly ms: number;
}

interface Link {
  quality: LinkQuality;
  /** How many faults cut it now. */
  cuts: number;
  /** When what was sent before has gone out. */
  freeAt: number;
}

export class VirtualLinks {
  readonly #usual: LinkQuality;
  readonly #random: Random;
  readonly #links = new Map<string, Map<string, Link>>();
  readonly #off = new Set<string>();
  #lateness: Lateness = { share: 0, ms: 0 };

  constructor(usual: LinkQuality, random: Random) {
    this.#usual = usual;
    this.#random = random;
  }

  /** Nothing gets from `a` to `b` as long as more cuts were made than mended. */
  cut(a: string, b: string): void {
    this.#at(a, b).cuts++;
  }

  mend(a: string, b: string): void {
    const link = this.#at(a, b);
    link.cuts = Math.max(0, link.cuts - 1);
  }

  mendAll(): void {
    for (const to of this.#links.values()) for (const link of to.values()) link.cuts = 0;
  }

  /** The machine is without power, or has it again. */
  setOff(machine: string, isOff: boolean): void {
    if (isOff) this.#off.add(machine);
    else this.#off.delete(machine);
  }

  isOff(machine: string): boolean {
    return this.#off.has(machine);
  }

  /** Changes the link from `a` to `b`; undefined: as it was made. */
  setQuality(a: string, b: string, quality: LinkQuality | undefined): void {
    this.#at(a, b).quality = quality ?? this.#usual;
  }

  setLateness(lateness: Lateness): void {
    this.#lateness = lateness;
  }

  /** Whether nothing that is sent now gets from `a` to `b`. */
  isBlocked(a: string, b: string): boolean {
    return this.#off.has(b) || this.#off.has(a) || this.#at(a, b).cuts > 0;
  }

  /** When `bytes` that go out at `now` arrive, if they do. */
  arrival(a: string, b: string, bytes: number, now: number): number {
    const link = this.#at(a, b);
    const { delayMs, bytesPerSecond } = link.quality;
    link.freeAt = Math.max(now, link.freeAt) + (1_000 * bytes) / bytesPerSecond;
    const { share, ms } = this.#lateness;
    const isLate = share > 0 && this.#random() < share;
    const delay = delayMs.min + this.#random() * (delayMs.max - delayMs.min);
    return link.freeAt + delay + (isLate ? ms : 0);
  }

  #at(a: string, b: string): Link {
    const from = this.#links.get(a) ?? new Map<string, Link>();
    this.#links.set(a, from);
    const link = from.get(b) ?? { quality: this.#usual, cuts: 0, freeAt: 0 };
    from.set(b, link);
    return link;
  }
}
