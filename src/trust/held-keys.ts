/**
 * The keys of its network as a running node has them: what it proves with and accepts, in memory, and
 * never ahead of what is durable. Before each use it looks whether another node of the same user has
 * written newer ones.
 */
import { Conflict, messageOf } from "../core/errors.ts";
import type { Log } from "../core/log.ts";
import { type KeyRing, type RingKey, ringKey } from "./key-ring.ts";
import { digestOf, type KeyRotation, liveKeys, mergeRotations, usedKey } from "./key-rotation.ts";
import type { KeyStore } from "./key-store.ts";
import type { NetworkKeys } from "./key-text.ts";

export class HeldKeys implements KeyRing {
  readonly #store: KeyStore;
  readonly #log: Log;
  readonly #replaced = new Set<() => void>();
  #keys: NetworkKeys;
  /** What the store had when it was last looked at: the same again is no news. */
  #kept: NetworkKeys | undefined;

  /** `keys`: what the store holds now. */
  constructor(store: KeyStore, keys: NetworkKeys, log: Log) {
    this.#store = store;
    this.#keys = keys;
    this.#log = log;
  }

  get network(): string {
    return this.#keys.network;
  }

  /** As new as they can be had. */
  get keys(): NetworkKeys {
    this.#refresh();
    return this.#keys;
  }

  current(): RingKey {
    return ringKey(usedKey(this.keys.ring));
  }

  accepted(): readonly RingKey[] {
    return liveKeys(this.keys.ring).map(ringKey);
  }

  /** Calls `handle` whenever none of the keys held before is good any more: who proved one is a stranger. */
  onReplaced(handle: () => void): void {
    this.#replaced.add(handle);
  }

  /**
   * Changes the ring, durably before anyone can see it. Returns whether anything changed.
   * @throws Conflict when the store is another network's by now; what `change` throws.
   */
  async change(change: (ring: KeyRotation) => KeyRotation): Promise<boolean> {
    const before = this.keys.ring;
    let next = before;
    await this.#store.update((kept) => {
      if (kept !== undefined && kept.network !== this.network) throw this.#moved();
      const base =
        kept === undefined ? this.#keys.ring : mergeRotations(this.#keys.ring, kept.ring);
      next = change(base);
      const isKept = kept !== undefined && isSame(kept.ring, next);
      return isKept ? undefined : { network: this.network, ring: next };
    });
    this.#take({ network: this.network, ring: next });
    return !isSame(before, next);
  }

  /** From now on this node is of the network whose keys these are. Durable when it resolves. */
  async adopt(keys: NetworkKeys): Promise<void> {
    await this.#store.update(() => keys);
    this.#take(keys);
  }

  #refresh(): void {
    try {
      const kept = this.#store.changed();
      if (kept === undefined || kept === this.#kept) return;
      this.#kept = kept;
      if (kept.network !== this.network) throw this.#moved();
      this.#take({ ...kept, ring: mergeRotations(this.#keys.ring, kept.ring) });
    } catch (error) {
      this.#log.error("the network's keys on disk are not used; this node goes on with its own", {
        error,
        why: messageOf(error),
      });
    }
  }

  #take(keys: NetworkKeys): void {
    const before = this.#keys;
    this.#keys = keys;
    const stays = liveKeys(before.ring).some(({ id }) => keys.ring.get(id)?.isRemoved === false);
    if (stays && before.network === keys.network) return;
    for (const handle of this.#replaced) handle();
  }

  #moved(): Conflict {
    return new Conflict(
      "the network.key of this node is another network's by now: put back the one it had, or stop this node",
    );
  }
}

function isSame(a: KeyRotation, b: KeyRotation): boolean {
  return JSON.stringify(digestOf(a)) === JSON.stringify(digestOf(b));
}
