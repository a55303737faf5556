/**
 * A fingerprint of a set of registers, kept up to date with each write, by which replicas see that
 * they agree without sending what they hold: a sum of hashes for each of 256 buckets of keys. When
 * they differ, the buckets tell where.
 */
import { type Hash, hashText } from "../ring/hash.ts";
import type { Register } from "./register.ts";

export const bucketCount = 256;

/** Sums (mod 2^32) of the two hash lanes of what is in each bucket: `bucketCount` pairs. */
export type Digest = Uint32Array;

export function emptyDigest(): Digest {
  return new Uint32Array(2 * bucketCount);
}

export function bucketOf(key: string): number {
  return hashText(key).low % bucketCount;
}

/** Adds a register to the digest, in place; with `sign` -1 takes it out again. */
export function addToDigest(digest: Digest, register: Register, sign: 1 | -1): void {
  const { high, low } = hashOf(register);
  const at = 2 * bucketOf(register.key);
  digest[at] = (digest[at] ?? 0) + sign * high;
  digest[at + 1] = (digest[at + 1] ?? 0) + sign * low;
}

/** One hash of the whole digest, for the exchange that comes every few seconds: 16 hex digits. */
export function digestHash(digest: Digest): string {
  const { high, low } = hashText(digest.join(","));
  return `${hex(high)}${hex(low)}`;
}

/** The buckets in which two replicas differ. */
export function differingBuckets(own: Digest, other: readonly number[]): ReadonlySet<number> {
  const differing = new Set<number>();
  for (let at = 0; at < own.length; at++) {
    if (own[at] !== other[at]) differing.add(at >> 1);
  }
  return differing;
}

/** A stamp names one write, so the value needs no hashing. */
function hashOf({ key, stamp }: Register): Hash {
  return hashText(`${stamp.wall} ${stamp.counter} ${stamp.origin} ${key}`);
}

function hex(lane: number): string {
  return lane.toString(16).padStart(8, "0");
}
