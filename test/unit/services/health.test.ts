import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { beginHealth, type Judgement, judge } from "../../../src/services/health.ts";
import type { HealthPolicy } from "../../../src/services/health-policy.ts";
import { seededRandom } from "../../../src/simulator/virtual-env.ts";

const policy: HealthPolicy = {
  check: { kind: "tcp", port: 80 },
  intervalMs: 10_000,
  timeoutMs: 3_000,
  retries: 3,
  startPeriodMs: 30_000,
};

/** The judgements of checks that each take no time, the first at the start of the task. */
function judged(
  results: readonly boolean[],
  of: HealthPolicy = policy,
  wasHealthy: boolean | null = null,
): readonly (Judgement & { readonly atMs: number })[] {
  let last = { ...beginHealth(of, wasHealthy, 0, 0), atMs: 0 };
  const all = [last];
  for (const passed of results) {
    if (last.waitMs === null) break;
    const atMs = last.atMs + last.waitMs;
    last = { ...judge(of, last.health, passed, atMs, 0), atMs };
    all.push(last);
  }
  return all;
}

test("a task that starts is looked at soon, then less and less often up to the interval", () => {
  const waits = judged(Array(6).fill(false)).map(({ waitMs }) => waitMs);
  assert.deepEqual(waits, [250, 500, 1_000, 2_000, 4_000, 8_000, 10_000]);
});

test("failures within the start period do not count before the first success", () => {
  const early = judged(Array(7).fill(false));
  assert.ok(early.every(({ health }) => health.healthy === null && health.failures === 0));
  const [late] = judged(Array(30).fill(false)).slice(-1);
  assert.equal(late?.health.healthy, false);
  assert.ok((late?.atMs ?? 0) > policy.startPeriodMs);
});

test("after a success the start period is over: as many failures as retries, and it is unhealthy", () => {
  const all = judged([true, false, false, true, false, false, false]);
  assert.deepEqual(
    all.map(({ health }) => health.healthy),
    [null, true, true, true, true, true, true, false],
  );
  assert.equal(all.at(-1)?.waitMs, null);
});

test("without a start period each failure counts, an interval apart", () => {
  const all = judged([false, false, false], { ...policy, startPeriodMs: 0 });
  assert.deepEqual(
    all.map(({ atMs }) => atMs),
    [0, 10_000, 20_000, 30_000],
  );
  assert.equal(all.at(-1)?.health.healthy, false);
});

test("a task that is taken over is as healthy as it was, and is looked at anywhere in the interval", () => {
  const waits = [0, 0.25, 0.5, 0.99].map((luck) => beginHealth(policy, true, 5, luck));
  assert.deepEqual(
    waits.map(({ waitMs }) => waitMs),
    [0, 2_500, 5_000, 9_900],
  );
  assert.ok(waits.every(({ health }) => health.healthy === true));
});

const luck = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const anyPolicy = fc.record({
  check: fc.constant(policy.check),
  intervalMs: fc.integer({ min: 100, max: 100_000 }),
  timeoutMs: fc.constant(1_000),
  retries: fc.integer({ min: 1, max: 10 }),
  startPeriodMs: fc.nat(100_000),
});
const story = fc.array(fc.record({ passed: fc.boolean(), tookMs: fc.nat(3_000), luck }), {
  maxLength: 60,
});

test("in any story: unhealthy exactly after that many failures in a row that count", () => {
  fc.assert(
    fc.property(anyPolicy, story, luck, (of, checks, first) => {
      let { health, waitMs } = beginHealth(of, null, 0, first);
      let ranMs = 0;
      let inARow = 0;
      let wasHealthy = false;
      for (const { passed, tookMs, luck } of checks) {
        assert.ok(waitMs !== null && waitMs >= 0 && waitMs <= of.intervalMs);
        ranMs += waitMs + tookMs;
        const counts = wasHealthy || ranMs >= of.startPeriodMs;
        if (passed) inARow = 0;
        else if (counts) inARow++;
        wasHealthy ||= passed;
        ({ health, waitMs } = judge(of, health, passed, ranMs, luck));
        if (inARow >= of.retries) {
          assert.equal(health.healthy, false);
          assert.equal(waitMs, null);
          return;
        }
        assert.equal(health.healthy, wasHealthy ? true : null);
      }
    }),
  );
});

test("of a thousand that started at once no tenth of the interval has more than twice its share", () => {
  const random = seededRandom(7, "health");
  const tenths = Array<number>(10).fill(0);
  for (let i = 0; i < 1_000; i++) {
    const begun = beginHealth(policy, null, 0, random());
    const { waitMs } = judge(policy, begun.health, true, 250, random());
    const tenth = Math.floor((waitMs ?? 0) / 1_000);
    tenths[tenth] = (tenths[tenth] ?? 0) + 1;
  }
  assert.ok(Math.max(...tenths) <= 200, tenths.join());
});
