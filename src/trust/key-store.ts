/**
 * Where the keys of a node's network are kept. The real one is a file that all nodes of one user on one
 * host share; the simulator's, and the tests', is memory.
 */
import type { NetworkKeys } from "./key-text.ts";

export interface KeyStore {
  /**
   * What is kept, where that may have changed since it was last looked at here: another node may have
   * written. Cheap enough for every handshake.
   * @throws UnusableKey, once for each change, when what is kept cannot be read.
   */
  changed(): NetworkKeys | undefined;
  /**
   * Makes what `next` gives of what is kept durable, no one else changing it meanwhile; undefined: it
   * stays as it is. Resolves once it would survive a power loss.
   * @throws UnusableKey, Unavailable; what `next` throws.
   */
  update(next: (kept: NetworkKeys | undefined) => NetworkKeys | undefined): Promise<void>;
}

/** Keeps keys for as long as someone has it. */
export function memoryKeyStore(keys: NetworkKeys): KeyStore {
  let kept = keys;
  return {
    changed: () => kept,
    async update(next) {
      kept = next(kept) ?? kept;
    },
  };
}
