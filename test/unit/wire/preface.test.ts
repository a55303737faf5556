import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { sniff, sniffBytesMax } from "../../../src/wire/preface.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

test("each speaker is known by the last byte it takes, and undecided until then", () => {
  const starts = [
    ["tls", Uint8Array.of(0x16)],
    ["http", bytes("GET ")],
    ["http", bytes("OPTIONS ")],
  ] as const;
  for (const [speaker, start] of starts) {
    for (let length = 0; length < start.length; length++) {
      assert.equal(sniff(start.subarray(0, length)), "undecided");
    }
    assert.equal(sniff(start), speaker);
    assert.equal(sniff(Buffer.concat([start, bytes("/ and more")])), speaker);
  }
});

test("what no speaker begins with is unknown at once", () => {
  for (const start of ["\x17\x03\x01", "MOB/1\n", "get ", "GETX", "MOB/2\n", "X"]) {
    assert.equal(sniff(bytes(start)), "unknown");
  }
});

test("any start is decided by its first bytes, and more never changes a decision", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: sniffBytesMax, maxLength: 20 }), (start) => {
      const decided = sniff(start);
      assert.notEqual(decided, "undecided");
      for (let length = 0; length < start.length; length++) {
        const early = sniff(start.subarray(0, length));
        assert.ok(early === "undecided" || early === decided);
      }
    }),
  );
});
