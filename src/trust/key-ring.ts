/**
 * The keys of a network that a node has at a time: one that it proves with, and those that it accepts
 * from others, so that a network can go from one key to the next without a moment of two camps.
 */
import { type LiveKey, liveKeys, usedKey } from "./key-rotation.ts";
import type { NetworkKeys } from "./key-text.ts";

/** One key of a network. */
export interface RingKey {
  /** The higher, the later it was taken into use: see key-rotation.ts. */
  readonly revision: number;
  /** 32 bytes. */
  readonly secret: Uint8Array;
}

export interface KeyRing {
  /** The network's id, which all of its keys share. */
  readonly network: string;
  /** What this node proves with. */
  current(): RingKey;
  /** What others may prove with, the current one first. Never empty. */
  accepted(): readonly RingKey[];
}

/** A ring of one key. */
export function singleKeyRing({
  network,
  secret,
}: {
  readonly network: string;
  readonly secret: Uint8Array;
}): KeyRing {
  const key: RingKey = { revision: 1, secret };
  return { network, current: () => key, accepted: () => [key] };
}

/** The keys as they are: a ring that does not rotate. */
export function ringOf({ network, ring }: NetworkKeys): KeyRing {
  const keys = liveKeys(ring).map(ringKey);
  const [used = ringKey(usedKey(ring))] = keys;
  return { network, current: () => used, accepted: () => keys };
}

export function ringKey({ revision, secret }: LiveKey): RingKey {
  return { revision, secret: secret.reveal() };
}
