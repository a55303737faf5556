import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Packr } from "msgpackr";
import { MalformedFrame } from "../../../src/wire/errors.ts";
import { checkPlainData, nestingMax } from "../../../src/wire/plain-data.ts";
import { fuzzRuns } from "../../support/fuzz-runs.ts";

const packr = new Packr({ useRecords: false, variableMapSize: true });
const refused = (bytes: Uint8Array, what: RegExp) =>
  assert.throws(
    () => checkPlainData(bytes),
    (error) => error instanceof MalformedFrame && what.test(error.message),
  );

function nested(levels: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < levels; i++) value = i % 2 === 0 ? [value] : { a: value };
  return value;
}

test("all JSON-like values, bytes and undefined pass", () => {
  const value = fc.anything({ withBigInt: false, withDate: false, maxDepth: 4 });
  fc.assert(
    fc.property(value, (any) => checkPlainData(packr.pack(any))),
    { numRuns: fuzzRuns(500) },
  );
  const lengths = [0, 15, 16, 31, 32, 255, 256, 65_535, 65_536];
  for (const length of lengths) {
    checkPlainData(packr.pack("x".repeat(length)));
    checkPlainData(packr.pack(new Array(length).fill(1.5)));
    checkPlainData(packr.pack(Buffer.alloc(length)));
    checkPlainData(packr.pack(Object.fromEntries([...Array(length).keys()].map((n) => [n, n]))));
  }
  for (const n of [0, -1, 127, -33, 200, -200, 40_000, 2 ** 31, -(2 ** 31), 2 ** 40, 0.1]) {
    checkPlainData(packr.pack({ n, none: undefined, nothing: null, yes: true }));
  }
});

test("types that build more than plain data are refused", () => {
  for (const value of [new Date(0), new Set([1]), /x/, new Error("x"), 2n ** 60n, 2n ** 63n]) {
    refused(new Packr({ useRecords: false, moreTypes: true }).pack({ value }), /not plain data/);
  }
  refused(new Packr().pack({ a: 1 }), /not plain data/); // A record, msgpackr's own extension.
  refused(Uint8Array.of(0xc1), /not plain data/);
  refused(Uint8Array.of(0xd4, 0x01, 0x00), /not plain data/);
});

test("every value cut short is refused, whatever is missing", () => {
  const value = { list: [1, 2.5, "text", null], map: { a: Buffer.alloc(300), b: 70_000 } };
  const bytes = packr.pack(value);
  for (let length = 0; length < bytes.length; length++) {
    refused(bytes.subarray(0, length), /cut short|more items than bytes/);
  }
});

test("a claim of four billion items is refused by its size alone", () => {
  refused(Uint8Array.of(0xdd, 0xff, 0xff, 0xff, 0xff, 1), /more items than bytes/);
  refused(Uint8Array.of(0xdf, 0xff, 0xff, 0xff, 0xff, 1), /more items than bytes/);
  refused(Uint8Array.of(0xc6, 0xff, 0xff, 0xff, 0xff, 1), /cut short/);
});

test(`${nestingMax} levels pass, one more is refused`, () => {
  checkPlainData(packr.pack(nested(nestingMax)));
  refused(packr.pack(nested(nestingMax + 1)), /nested/);
  refused(new Uint8Array(1_000_000).fill(0x91), /nested/);
});

test("bytes after the value are refused", () => {
  refused(Uint8Array.of(1, 2), /after the end/);
});

test("any bytes are passed or refused as malformed", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      try {
        checkPlainData(bytes);
      } catch (error) {
        assert.ok(error instanceof MalformedFrame);
      }
    }),
    { numRuns: fuzzRuns(5_000) },
  );
});
