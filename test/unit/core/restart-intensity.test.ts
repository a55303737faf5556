import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { countRestart } from "../../../src/core/restart-intensity.ts";

const limit = { intensity: 2, periodMs: 1_000 };

/** Which of the restarts at these times were too many. */
function verdicts(times: readonly number[], intensity = limit.intensity): boolean[] {
  let restartedAt: readonly number[] = [];
  return times.map((now) => {
    const verdict = countRestart({ ...limit, intensity }, restartedAt, now);
    restartedAt = verdict.restartedAt;
    return verdict.exceeded;
  });
}

test("as many restarts as the intensity are allowed within the period, one more is not", () => {
  assert.deepEqual(verdicts([0, 1, 2]), [false, false, true]);
});

test("a restart exactly the period ago still counts, an older one does not", () => {
  assert.deepEqual(verdicts([0, 500, 1_000]), [false, false, true]);
  assert.deepEqual(verdicts([0, 500, 1_001]), [false, false, false]);
});

test("with intensity 0 the first restart is one too many", () => {
  assert.deepEqual(verdicts([0], 0), [true]);
});

test("never allows more restarts in any window of the period than the intensity", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(900), { maxLength: 100 }), (gaps) => {
      let now = 0;
      const times = gaps.map((gap) => {
        now += gap;
        return now;
      });
      const exceeded = verdicts(times);
      for (const [i, at] of times.entries()) {
        const inWindow = times.slice(0, i + 1).filter((then) => at - then <= limit.periodMs);
        assert.equal(exceeded[i], inWindow.length > limit.intensity);
      }
    }),
  );
});
