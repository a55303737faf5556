/** What a storage key may be: one rule for all implementations, set by the strictest (lmdb). */
import { BadRequest } from "../core/errors.ts";

/** In UTF-8. lmdb's limit for its default page size. */
export const keyBytesMax = 1_978;

/**
 * The key as bytes: their order is the order of `list`.
 * @throws BadRequest when it is empty or over `keyBytesMax`.
 */
export function keyBytes(key: string): Buffer {
  const bytes = Buffer.from(key);
  if (bytes.length === 0 || bytes.length > keyBytesMax) {
    throw new BadRequest(`a key has 1 to ${keyBytesMax} bytes, not ${bytes.length}`);
  }
  return bytes;
}

/** Orders keys by their bytes, which JavaScript's own order of strings is not. */
export function compareKeys(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
