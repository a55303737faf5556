import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Secret } from "../../../src/trust/secret.ts";
import {
  attemptLimits,
  issueToken,
  openTokenDesk,
  openTokensMax,
  redeemToken,
} from "../../../src/trust/token-desk.ts";

const hourMs = 60 * 60_000;
const from = { source: "10.0.0.2", by: "n2" };

function secretOf(number: number): Secret {
  return new Secret(Uint8Array.of(number, number >> 8, 3));
}

/** A desk that has issued tokens 0 to `count` - 1, each for an hour from 0. */
function deskWith(count: number) {
  const desk = openTokenDesk();
  for (let i = 0; i < count; i++) assert.ok(issueToken(desk, secretOf(i), hourMs, 0));
  return desk;
}

test("a token is granted once; who brings it again is told when and by whom it was used", () => {
  const desk = deskWith(1);
  assert.deepEqual(redeemToken(desk, secretOf(0), from, 5), { kind: "granted" });
  const again = redeemToken(desk, secretOf(0), { source: "10.0.0.3", by: "n3" }, 6);
  assert.deepEqual(again, { kind: "used", atMs: 5, by: "n2" });
});

test("a token is granted to its last moment and refused from its end on", () => {
  assert.equal(redeemToken(deskWith(1), secretOf(0), from, hourMs - 1).kind, "granted");
  assert.deepEqual(redeemToken(deskWith(1), secretOf(0), from, hourMs), {
    kind: "expired",
    atMs: hourMs,
  });
});

test("a clock that was set back does not bring a token back", () => {
  assert.equal(redeemToken(deskWith(1), secretOf(0), from, -1).kind, "expired");
});

test("a secret that is no token's is unknown, as is one whose token ended long ago", () => {
  const desk = deskWith(1);
  assert.equal(redeemToken(desk, secretOf(7), from, 5).kind, "unknown");
  assert.equal(redeemToken(desk, secretOf(0), from, 30 * 24 * hourMs).kind, "unknown");
});

test("one address that fails too often is refused whatever it brings, others are not", () => {
  const desk = deskWith(1);
  for (let i = 0; i < attemptLimits.perSource; i++) redeemToken(desk, secretOf(100 + i), from, i);
  assert.equal(redeemToken(desk, secretOf(0), from, 20).kind, "too-many");
  const other = { source: "10.0.0.3", by: "n3" };
  assert.equal(redeemToken(desk, secretOf(0), other, 20).kind, "granted");
});

test("who failed too often may try again a minute later", () => {
  const desk = deskWith(1);
  for (let i = 0; i < attemptLimits.perSource; i++) redeemToken(desk, secretOf(100 + i), from, i);
  const later = attemptLimits.withinMs + attemptLimits.perSource;
  assert.equal(redeemToken(desk, secretOf(0), from, later).kind, "granted");
});

test("attempts from many addresses together are bounded too", () => {
  const desk = deskWith(1);
  const outcomes = Array.from({ length: attemptLimits.altogether + 1 }, (_, i) => {
    return redeemToken(desk, secretOf(1_000), { source: `10.0.0.${i}`, by: "x" }, 1).kind;
  });
  assert.deepEqual(new Set(outcomes.slice(0, -1)), new Set(["unknown"]));
  assert.equal(outcomes.at(-1), "too-many");
});

test("so many tokens may be open, and one that was used makes room for another", () => {
  const desk = deskWith(openTokensMax);
  assert.equal(issueToken(desk, secretOf(999), hourMs, 1), false);
  redeemToken(desk, secretOf(0), from, 2);
  assert.equal(issueToken(desk, secretOf(999), hourMs, 3), true);
});

test("whatever is issued and tried, a token is granted at most once, and only within its time", () => {
  const step = fc.record({
    issue: fc.boolean(),
    number: fc.nat(5),
    source: fc.nat(2),
    waitMs: fc.constantFrom(0, 1_000, 10 * 60_000, hourMs),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const desk = openTokenDesk();
      const issuedAtMs = new Map<number, number>();
      const granted = new Set<number>();
      let nowMs = 0;
      for (const { issue, number, source, waitMs } of steps) {
        nowMs += waitMs;
        if (issue) {
          if (issuedAtMs.has(number)) continue; // Secrets are random: none is issued twice.
          issuedAtMs.set(number, nowMs);
          issueToken(desk, secretOf(number), nowMs + hourMs, nowMs);
          continue;
        }
        const verdict = redeemToken(
          desk,
          secretOf(number),
          { source: `${source}`, by: "x" },
          nowMs,
        );
        if (verdict.kind !== "granted") continue;
        assert.ok(!granted.has(number));
        assert.ok(nowMs - (issuedAtMs.get(number) ?? Number.NaN) < hourMs);
        granted.add(number);
      }
    }),
  );
});
