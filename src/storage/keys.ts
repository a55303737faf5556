/** What a storage key may be: one rule for all implementations, set by the strictest (lmdb). */
import { BadRequest } from "../core/errors.ts";

/** In UTF-8. lmdb's limit for its default page size. */
export const keyBytesMax = 1_978;

/**
 * The key as bytes: their order is the order of `list`.
 * @throws BadRequest when it is empty or over `keyBytesMax`.
 */
export function keyBytes(key: string): Buffer {
  checkKey(key);
  return Buffer.from(key);
}

/** @throws BadRequest when it is empty or over `keyBytesMax`. */
export function checkKey(key: string): void {
  const length = Buffer.byteLength(key);
  if (length === 0 || length > keyBytesMax) {
    throw new BadRequest(`a key has 1 to ${keyBytesMax} bytes, not ${length}`);
  }
}

/** Orders keys by their bytes, which JavaScript's own order of strings is not. */
export function compareKeys(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
