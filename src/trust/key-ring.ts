/**
 * The keys of a network that a node has at a time: one that it proves with, and those that it accepts
 * from others, so that a network can go from one key to the next without a moment of two camps.
 */
import type { NetworkKey } from "./network-key.ts";

/** One key of a network. */
export interface RingKey {
  /** Counts the network's keys, from 1. */
  readonly revision: number;
  /** 32 bytes. */
  readonly secret: Uint8Array;
}

export interface KeyRing {
  /** The network's id, which all of its keys share. */
  readonly network: string;
  /** What this node proves with. */
  current(): RingKey;
  /** What others may prove with, the current one included. Never empty. */
  accepted(): readonly RingKey[];
}

/** A ring of one key. */
export function singleKeyRing({ network, secret }: NetworkKey): KeyRing {
  const key: RingKey = { revision: 1, secret };
  return { network, current: () => key, accepted: () => [key] };
}
