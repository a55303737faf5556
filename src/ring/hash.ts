/**
 * A fast, well mixed hash of short text, the same on every machine and in every version: where a
 * record lives depends on it. Two 32-bit lanes of multiply and xor (the "cyrb53" construction) with
 * MurmurHash3's finaliser; no defence against someone who wants collisions.
 */

/** Two independent unsigned 32-bit numbers. */
export interface Hash {
  readonly high: number;
  readonly low: number;
}

/** Hashes the UTF-16 units of `text`; another `seed` is another function. */
export function hashText(text: string, seed = 0): Hash {
  let a = 0xdeadbeef ^ seed;
  let b = 0x41c6ce57 ^ seed;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    a = Math.imul(a ^ unit, 0x9e3779b1);
    b = Math.imul(b ^ unit, 0x5f356495);
  }
  return { high: mix(a ^ (b >>> 15)), low: mix(b ^ (a >>> 13)) };
}

/** One number below 2^32 of two hashes: as good as that of both texts together, and cheap where one is known. */
export function hashOfBoth(a: Hash, b: Hash): number {
  return mix(a.high ^ b.low);
}

function mix(lane: number): number {
  let h = lane ^ (lane >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** The hash as a number in (0, 1), of 53 bits. */
export function asFraction({ high, low }: Hash): number {
  return ((high >>> 5) * 2 ** 26 + (low >>> 6) + 0.5) / 2 ** 53;
}
