import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Deadline, Deadlines } from "../../../src/otp/deadlines.ts";
import { ManualEnv } from "../../support/manual-env.ts";

/** How late a deadline may be noticed. */
const lateMsMax = 20;

class Noted extends Deadline {
  expiredAt: number | undefined;
  private readonly env: ManualEnv;

  constructor(env: ManualEnv) {
    super();
    this.env = env;
  }

  expire(): void {
    assert.equal(this.expiredAt, undefined, "expires once");
    this.expiredAt = this.env.clock.mono();
  }
}

test("each deadline expires once, not early and at most 20 ms late, unless taken back", async () => {
  const timeouts = fc.array(fc.record({ ms: fc.nat(500), after: fc.nat(50), kept: fc.boolean() }), {
    minLength: 1,
    maxLength: 20,
  });
  await fc.assert(
    fc.asyncProperty(timeouts, async (plans) => {
      const env = new ManualEnv();
      const deadlines = new Deadlines(env);
      const set: { noted: Noted; due: number; kept: boolean }[] = [];
      for (const { ms, after, kept } of plans) {
        const noted = new Noted(env);
        deadlines.add(noted, ms);
        set.push({ noted, due: env.clock.mono() + ms, kept });
        if (!kept) deadlines.remove(noted);
        await env.advance(after);
      }
      await env.advance(1_000);
      for (const { noted, due, kept } of set) {
        if (!kept) assert.equal(noted.expiredAt, undefined);
        else {
          const lateMs = (noted.expiredAt ?? Number.NaN) - due;
          assert.ok(lateMs >= 0 && lateMs <= lateMsMax, `late by ${lateMs} ms`);
        }
      }
      assert.equal(env.timerCount, 0, "no timer is left when nothing waits");
    }),
    { numRuns: 20 },
  );
});

test("a thousand deadlines share one timer", () => {
  const env = new ManualEnv();
  const deadlines = new Deadlines(env);
  for (let i = 0; i < 1_000; i++) deadlines.add(new Noted(env), 100 + i);
  assert.equal(env.timerCount, 1);
});

test("an earlier deadline set later is not held up by a later one", async () => {
  const env = new ManualEnv();
  const deadlines = new Deadlines(env);
  const early = new Noted(env);
  deadlines.add(new Noted(env), 10_000);
  deadlines.add(early, 100);
  await env.advance(120);
  assert.notEqual(early.expiredAt, undefined);
  deadlines.stop();
});

test("an infinite deadline sets no timer", () => {
  const env = new ManualEnv();
  new Deadlines(env).add(new Noted(env), Number.POSITIVE_INFINITY);
  assert.equal(env.timerCount, 0);
});
