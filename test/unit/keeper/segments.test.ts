import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { nextStep, parseSegmentName, rotate, segmentName } from "../../../src/keeper/segments.ts";

const limits = { fileBytesMax: 100, filesMax: 3 };

test("names sort as the offsets in them, which they give back", () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.maxSafeNat(), (a, b) => {
      assert.equal(parseSegmentName(segmentName(a)), a);
      assert.equal(segmentName(a) < segmentName(b), a < b);
    }),
  );
});

test("nothing is archived before a file's worth is there", () => {
  assert.equal(nextStep(500, 599, limits), undefined);
  assert.deepEqual(nextStep(500, 600, limits), { from: 500, midLine: false });
});

test("what would be rotated away at once is skipped, and nothing else is", () => {
  assert.deepEqual(nextStep(500, 800, limits), { from: 500, midLine: false });
  assert.deepEqual(nextStep(500, 801, limits), { from: 501, midLine: true });
});

test("the newest files are kept", () => {
  const segments = [0, 100, 200, 300, 400].map((from) => ({ from, to: from + 100 }));
  assert.deepEqual(
    rotate(segments, limits).kept.map(({ from }) => from),
    [200, 300, 400],
  );
  assert.deepEqual(
    rotate(segments, limits).dropped.map(({ from }) => from),
    [0, 100],
  );
});
