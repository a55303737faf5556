import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { durationText, parseDuration, parseSize } from "../../../src/core/quantities.ts";

test("a duration is a number and a unit", () => {
  const cases = { "250ms": 250, "10s": 10_000, "1.5m": 90_000, "2h": 7_200_000, "1d": 86_400_000 };
  for (const [text, ms] of Object.entries(cases)) assert.equal(parseDuration(text), ms, text);
});

test("what has no unit, another unit or a sign is no duration", () => {
  for (const text of [
    "5",
    "",
    "s",
    "5 weeks",
    "-1s",
    "1e3s",
    "5S",
    " 5s",
    "1..5s",
    "5constructor",
  ]) {
    assert.equal(parseDuration(text), undefined, text);
  }
});

test("KB is a thousand bytes and KiB 1,024", () => {
  assert.equal(parseSize("10MB"), 10_000_000);
  assert.equal(parseSize("256KiB"), 262_144);
  assert.equal(parseSize("1.5 GiB"), 1_610_612_736);
  assert.equal(parseSize("10"), undefined);
});

test("the text of a duration is read back as the same", () => {
  fc.assert(
    fc.property(fc.nat(10 ** 12), (ms) => assert.equal(parseDuration(durationText(ms)), ms)),
  );
});

test("the text of a duration has the largest unit without a fraction", () => {
  assert.deepEqual([0, 1, 1_500, 60_000, 3_600_000].map(durationText), [
    "0s",
    "1ms",
    "1500ms",
    "1m",
    "1h",
  ]);
});
