import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { LinePrefixer } from "../../../src/cli/line-prefixer.ts";

test("however output is cut, each source's lines come out whole and in order", () => {
  const piece = fc.record({
    source: fc.constantFrom("a", "b"),
    text: fc.string({ unit: fc.constantFrom("x", "y", "\n"), maxLength: 12 }),
  });
  fc.assert(
    fc.property(fc.array(piece), (pieces) => {
      const prefixer = new LinePrefixer();
      const parts = pieces.map(({ source, text }) => prefixer.push(source, Buffer.from(text)));
      const lines = Buffer.concat([...parts, prefixer.end()])
        .toString()
        .split("\n");
      assert.equal(lines.pop(), "");
      for (const name of ["a", "b"]) {
        const sent = pieces.filter(({ source }) => source === name).map(({ text }) => text);
        const expected = sent.join("").replace(/\n$/, "").split("\n");
        const got = lines.filter((line) => line.startsWith(`${name} | `));
        const texts = got.map((line) => line.slice(4));
        assert.deepEqual(texts, sent.join("") === "" ? [] : expected);
      }
    }),
  );
});

test("a line without end is given out in bounded pieces", () => {
  const prefixer = new LinePrefixer();
  assert.equal(prefixer.push("a", Buffer.alloc(100, "x")).length, 0);
  assert.ok(prefixer.push("a", Buffer.alloc(1024 * 1024, "x")).length > 1024 * 1024);
  assert.equal(prefixer.end().length, 0);
});
