/**
 * Which connections that were made on demand are to be closed: those that carried nothing for a while,
 * and of more than there may be the ones unused for longest. Whoever would lose an answer or a monitor
 * with its connection keeps it. Pure.
 */
import type { NodeId } from "../core/ids.ts";
import type { Link } from "./links.ts";

interface LastUse {
  readonly uses: number;
  readonly atMs: number;
}

export class IdleLinks {
  readonly #lastUses = new Map<NodeId, LastUse>();

  /**
   * Those of `links` to be closed. A use counts from the look that found it, so looks should be more
   * frequent than `idleMs`.
   * @param links all that were made on demand
   * @param isTied whether closing the connection with that node would lose something
   */
  toClose(
    links: readonly Link[],
    nowMs: number,
    { idleMs, onDemandMax }: { readonly idleMs: number; readonly onDemandMax: number },
    isTied: (peer: NodeId) => boolean,
  ): readonly Link[] {
    const present = new Set(links.map(({ peer }) => peer));
    for (const peer of this.#lastUses.keys()) if (!present.has(peer)) this.#lastUses.delete(peer);
    const unusedMs = new Map(links.map((link) => [link, nowMs - this.#lastUseMs(link, nowMs)]));
    const surplus = links.length - onDemandMax;
    return links
      .filter(({ peer }) => !isTied(peer))
      .sort((a, b) => (unusedMs.get(b) ?? 0) - (unusedMs.get(a) ?? 0))
      .filter((link, rank) => rank < surplus || (unusedMs.get(link) ?? 0) >= idleMs);
  }

  #lastUseMs({ peer, uses }: Link, nowMs: number): number {
    const before = this.#lastUses.get(peer);
    if (before !== undefined && before.uses === uses) return before.atMs;
    this.#lastUses.set(peer, { uses, atMs: nowMs });
    return nowMs;
  }
}
