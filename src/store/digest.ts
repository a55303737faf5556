/**
 * The hash tree by which two nodes find what they do not share, without sending what they hold. Its
 * leaves are sums of hashes of what is in each of 16 buckets of a shard, kept up to date with each
 * write; above them the root of each shard; above those one hash of all. Sums, so that a write
 * changes one leaf in constant time, in any order.
 */
import { type Hash, hashText } from "../ring/hash.ts";
import type { Register } from "./register.ts";

/** Leaves of a shard. */
export const bucketCount = 16;

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

/** The root of a shard: 16 hex digits. That of a shard in which nothing is, is `emptyRoot`. */
export function rootOf(digest: Digest): string {
  return textOf(hashText(digest.join(",")));
}

export const emptyRoot = rootOf(emptyDigest());

/** One hash of the roots of all shards, in order of shards, empty ones left out: 16 hex digits. */
export function topOf(roots: Iterable<readonly [shard: number, root: string]>): string {
  const parts = [...roots].sort(([a], [b]) => a - b).map(([shard, root]) => `${shard}:${root}`);
  return textOf(hashText(parts.join(",")));
}

/** The buckets in which two replicas of a shard differ. */
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

function textOf({ high, low }: Hash): string {
  return `${hex(high)}${hex(low)}`;
}

function hex(lane: number): string {
  return lane.toString(16).padStart(8, "0");
}
