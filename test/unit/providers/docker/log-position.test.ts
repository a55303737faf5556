import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { LogEntry } from "../../../../src/providers/docker/log-frames.ts";
import { after, logBeginning, toAsk } from "../../../../src/providers/docker/log-position.ts";

const entry = (second: number, text = "x"): LogEntry => ({ second, bytes: Buffer.from(text) });

/** What an engine tells that is asked from there, less what is known. */
function rest(log: readonly LogEntry[], copied: number): readonly LogEntry[] {
  const position = log.slice(0, copied).reduce(after, logBeginning);
  const { second, known } = toAsk(position);
  return log.filter((one) => one.second >= second).slice(known);
}

test("a new log is asked for whole", () => {
  assert.deepEqual(toAsk(logBeginning), { second: 0, known: 0 });
});

test("of a long log only the last seconds are asked for again", () => {
  const position = Array.from({ length: 100 }, (_, i) => entry(1_000 + i)).reduce(
    after,
    logBeginning,
  );
  assert.deepEqual(toAsk(position), { second: 1_095, known: 5 });
});

test("a clock that was set back has all of the log counted", () => {
  const position = [entry(5_000), entry(100), entry(101)].reduce(after, logBeginning);
  assert.deepEqual(toAsk(position), { second: 0, known: 3 });
});

test("wherever the stream breaks, the rest follows: no entry twice, and none left out", () => {
  const gap = fc.oneof(
    { weight: 6, arbitrary: fc.nat(2) },
    fc.nat(20),
    fc.integer({ min: -3_600, max: -1 }),
  );
  fc.assert(
    fc.property(fc.array(gap, { maxLength: 60 }), fc.nat(60), (gaps, at) => {
      let second = 1_000_000;
      const log = gaps.map((step, i) => {
        second += step;
        return entry(second, String(i));
      });
      const copied = Math.min(at, log.length);
      // What an engine writes next is younger than what was copied, but for a clock that is set back
      // in the very moment in which nobody listens: nothing can tell that.
      const first = log[copied];
      const before = log.slice(0, copied);
      const newest = Math.max(...before.map((one) => one.second));
      const wasSetBack = log.slice(copied).some((one) => one.second < newest - 4);
      const isKnown = before.some(
        (one, i) => one.second < Math.max(...before.slice(0, i + 1).map((b) => b.second)) - 4,
      );
      fc.pre(first === undefined || !wasSetBack || isKnown);
      assert.deepEqual(rest(log, copied), log.slice(copied));
    }),
  );
});
