import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { canonicalText, deepFreeze, isSameData } from "../../../src/services/plain-data.ts";

test("equal data has one text, whatever the order of its members", () => {
  const turned = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(turned);
    if (typeof value !== "object" || value === null) return value;
    const entries = Object.entries(value).reverse();
    return Object.fromEntries(entries.map(([key, member]) => [key, turned(member)]));
  };
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      assert.equal(canonicalText(turned(value)), canonicalText(value));
    }),
  );
});

test("different data has different texts", () => {
  assert.notEqual(canonicalText([1, 2]), canonicalText([2, 1]));
  assert.notEqual(canonicalText({ a: 1 }), canonicalText({ a: "1" }));
  assert.notEqual(canonicalText({ a: {} }), canonicalText({ a: [] }));
});

test("data is the same where its one text is, members undefined aside", () => {
  const data = fc.jsonValue({ depthSize: "small" });
  fc.assert(
    fc.property(data, data, (a, b) => {
      assert.equal(isSameData(a, b), canonicalText(a) === canonicalText(b));
      assert.ok(isSameData(a, structuredClone(a)));
    }),
  );
  assert.ok(isSameData({ a: 1, b: { c: 2, d: undefined } }, { b: { c: 2 }, a: 1 }));
  for (const [a, b] of [
    [{ constructor: 1 }, {}],
    [{}, { constructor: 1 }],
    [[], {}],
    [[1], [1, 2]],
    [null, {}],
    [{ a: null }, {}],
  ]) {
    assert.ok(!isSameData(a, b) && !isSameData(b, a));
  }
});

test("frozen data is frozen at every depth", () => {
  const data = deepFreeze({ list: [{ a: 1 }] });
  assert.ok(Object.isFrozen(data.list) && Object.isFrozen(data.list[0]));
});
