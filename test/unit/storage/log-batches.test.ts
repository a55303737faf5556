import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Writes } from "../../../src/storage/batched.ts";
import {
  encodeBatch,
  type Mark,
  readLog,
  wholeGeneration,
} from "../../../src/storage/log-batches.ts";

const database = "00112233445566778899aabbccddeeff";
/** Of a database that has all of the generations before the third. */
const mark: Mark = { database, generation: 2, number: wholeGeneration };

const key = fc.string({ minLength: 1, maxLength: 6, unit: "grapheme" });
const value = fc.option(fc.uint8Array({ maxLength: 40 }), { nil: undefined });
const writes = fc.uniqueArray(fc.tuple(key, value), {
  minLength: 1,
  maxLength: 4,
  selector: ([name]) => name,
});
const batches = fc.array(writes, { maxLength: 6 });
type Batches = readonly (readonly (readonly [string, Uint8Array | undefined])[])[];

/** A file as it is after these, and where each of them ends in it. */
function fileOf(those: Batches, generation = 3, of = database) {
  const all = those.map((one, n) =>
    encodeBatch({ database: of, generation, number: n + 1 }, new Map(one)),
  );
  const ends = all.map((_, n) => Buffer.concat(all.slice(0, n + 1)).length);
  return { bytes: Buffer.concat(all), ends };
}

const merged = (those: Batches): Writes => new Map(those.flat());
const sound = (those: Batches) => ({ kind: "sound", generation: 3, writes: merged(those) });
/** With bytes that compare by their content alone. */
const plain = (found: object) =>
  "writes" in found
    ? {
        ...found,
        writes: [...(found.writes as Writes)].map(([name, bytes]) => [
          name,
          bytes && Buffer.from(bytes).toString("hex"),
        ]),
      }
    : found;
const assertFound = (bytes: Buffer, expected: object, against = mark) =>
  assert.deepEqual(plain(readLog(bytes, against)), plain(expected));

test("all batches are read back, in order", () => {
  fc.assert(fc.property(batches, (those) => assertFound(fileOf(those).bytes, sound(those))));
});

test("a file that ends anywhere, or goes on with anything from there, gives the batches before that", () => {
  fc.assert(
    fc.property(
      batches,
      fc.nat(),
      fc.oneof(fc.constant(Buffer.alloc(0)), fc.nat(400).map(Buffer.alloc), fc.uint8Array()),
      (those, draw, tail) => {
        const { bytes, ends } = fileOf(those);
        const at = draw % (bytes.length + 1);
        const file = Buffer.concat([bytes.subarray(0, at), tail]);
        // What is drawn may be what was there.
        const same = Buffer.compare(bytes.subarray(0, file.length), file.subarray(0, bytes.length));
        const whole = ends.filter((end) => end <= at || (same === 0 && end <= file.length));
        assertFound(file, sound(those.slice(0, whole.length)));
      },
    ),
  );
});

test("what lies behind from earlier generations is never taken for what follows", () => {
  fc.assert(
    fc.property(batches, batches, fc.constantFrom(1, 2), (those, old, generation) => {
      const stale = fileOf(old, generation).bytes;
      const { bytes } = fileOf(those);
      const file = Buffer.from(stale.length > bytes.length ? stale : Buffer.alloc(bytes.length));
      bytes.copy(file);
      assertFound(file, sound(those));
    }),
  );
});

test("a bit that is not as it was written is damage where more follows, and else the end", () => {
  const some = fc.array(writes, { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(some, fc.nat(), fc.nat(7), (those, draw, bit) => {
      const { bytes, ends } = fileOf(those);
      const at = draw % bytes.length;
      bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
      const hit = ends.findIndex((end) => at < end);
      const start = ends[hit - 1] ?? 0;
      const isLast = hit === those.length - 1;
      assertFound(bytes, isLast ? sound(those.slice(0, hit)) : { kind: "damaged", at: start });
    }),
  );
});

test("a batch that is missing between others is damage", () => {
  const three: Batches = [[["a", undefined]], [["b", undefined]], [["c", undefined]]];
  const { bytes, ends } = fileOf(three);
  const [first = 0, second = 0] = ends;
  const file = Buffer.concat([bytes.subarray(0, first), bytes.subarray(second)]);
  assertFound(file, { kind: "damaged", at: first });
});

test("only what comes after the mark counts", () => {
  fc.assert(
    fc.property(batches, fc.nat(6), (those, number) => {
      const rest = those.slice(number);
      const generation = rest.length > 0 ? 3 : 4;
      const expected = { kind: "sound", generation, writes: merged(rest) };
      assertFound(fileOf(those).bytes, expected, { database, generation: 3, number });
    }),
  );
});

test("a generation that is in the database as a whole counts for nothing, whatever is there of it", () => {
  const { bytes } = fileOf([[["a", undefined]]], 2);
  assertFound(bytes, sound([]));
});

test("damage that only what no longer counts follows is none", () => {
  const { bytes } = fileOf([[["a", undefined]], [["b", undefined]]], 2);
  bytes[0] = (bytes[0] ?? 0) ^ 1;
  assertFound(bytes, sound([]));
});

test("a log of another database, or of a later state of this one, is told", () => {
  const one: Batches = [[["a", Buffer.from("1")]]];
  const other = fileOf(one, 3, "f".repeat(32)).bytes;
  const later = fileOf(one, 4).bytes;
  for (const bytes of [other, later]) assertFound(bytes, { kind: "foreign" });
});

test("a database that never had a log has none next to it", () => {
  const { bytes } = fileOf([[["a", undefined]]]);
  assert.deepEqual(readLog(bytes, undefined), { kind: "foreign" });
  const none = { kind: "sound", generation: 0, writes: new Map() };
  assert.deepEqual(readLog(Buffer.alloc(0), undefined), none);
});
