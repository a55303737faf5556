/**
 * Walks MessagePack bytes without building anything, and lets through plain data alone: no extension
 * types (they build dates, regular expressions, classes…), no length beyond the bytes there are, no
 * nesting that exhausts a stack. What passes costs no more memory than its bytes suggest.
 */
import { MalformedFrame } from "./errors.ts";

/** Levels of arrays and maps within each other. */
export const nestingMax = 64;

/**
 * Passes if `bytes` are exactly one plain value. JavaScript's `undefined` counts as one, in the three
 * bytes of an extension by which it is commonly written.
 * @throws MalformedFrame saying what is wrong and where.
 */
export function checkPlainData(bytes: Uint8Array): void {
  const walk = new Walk(bytes);
  let depth = 0;
  let innermost = 1;
  while (true) {
    while (innermost === 0) {
      if (depth === 0) {
        walk.expectEnd();
        return;
      }
      depth -= 1;
      innermost = missing[depth] ?? 0;
    }
    innermost -= 1;
    const items = walk.next();
    if (items === 0) continue;
    if (depth >= nestingMax) throw walk.malformed(`nested over ${nestingMax} levels`);
    missing[depth] = innermost;
    depth += 1;
    innermost = items;
  }
}

/**
 * Values still to come at each level of nesting, from the outermost in. One for all walks, as each is
 * over before another begins: every frame has one at both of its ends.
 */
const missing = new Uint32Array(nestingMax);

/** By lead byte from 0xc0 on: how many bytes its number or length takes. -1: no plain data. */
const sizes = [
  [0, -1, 0, 0], // nil, (never used), false, true
  [1, 2, 4], // bytes
  [-1, -1, -1], // extensions
  [4, 8], // floats
  [1, 2, 4, -1], // unsigned integers; one of 64 bits is no JavaScript number
  [1, 2, 4, -1], // signed ones
  [-1, -1, -1, -1, -1], // extensions of fixed size
  [1, 2, 4], // strings
  [2, 4], // arrays
  [2, 4], // maps
].flat();

class Walk {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Steps over a value, or over the head of an array or map: returns how many values are within. */
  next(): number {
    const lead = this.#number(1);
    if (lead < 0x80 || lead >= 0xe0) return 0; // A small integer.
    if (lead < 0x90) return this.#within(2 * (lead & 0x0f)); // A small map.
    if (lead < 0xa0) return this.#within(lead & 0x0f); // A small array.
    if (lead < 0xc0) return this.#skip(lead & 0x1f); // A short string.
    const size = sizes[lead - 0xc0] ?? -1;
    if (lead === 0xd4 && this.#bytes[this.#at] === 0) return this.#skip(2); // undefined
    if (size < 0) throw this.malformed(`not plain data (type 0x${lead.toString(16)})`);
    if (lead >= 0xde) return this.#within(2 * this.#number(size));
    if (lead >= 0xdc) return this.#within(this.#number(size));
    const isText = lead >= 0xd9 || (lead >= 0xc4 && lead <= 0xc6);
    return this.#skip(isText ? this.#number(size) : size);
  }

  expectEnd(): void {
    if (this.#at !== this.#bytes.length) throw this.malformed("bytes after the end");
  }

  malformed(what: string): MalformedFrame {
    return new MalformedFrame(`${what}, at byte ${this.#at} of ${this.#bytes.length}`);
  }

  #number(size: number): number {
    let value = 0;
    for (const end = this.#at + size; this.#at < end; this.#at++) {
      const byte = this.#bytes[this.#at];
      if (byte === undefined) throw this.malformed("cut short");
      value = value * 256 + byte;
    }
    return value;
  }

  #skip(length: number): 0 {
    if (length > this.#bytes.length - this.#at) throw this.malformed("cut short");
    this.#at += length;
    return 0;
  }

  #within(items: number): number {
    if (items > this.#bytes.length - this.#at) throw this.malformed("more items than bytes");
    return items;
  }
}
