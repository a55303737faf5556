import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  awayMsLeast,
  awayMsMost,
  doubtMsLeast,
  type LooksEvent,
  type ProviderLooks,
  restMsMost,
  restPerLook,
  silentMsMost,
  startLooks,
  stepLooks,
  tellMsLeast,
  thereMs,
} from "../../../src/actors/provider-looks.ts";
import type { ProviderFact } from "../../../src/membership/view.ts";
import type { Capabilities } from "../../../src/providers/provider.ts";
import type { ProviderLook } from "../../../src/providers/provider-table.ts";

const there: Capabilities = { available: true, version: "1", features: [] };
const gone: Capabilities = { available: false, reason: "nobody listens" };

/** One node's engines, on a clock of the test's; what is looked at is found as `engines` has it, `lookMs` later. */
class Bench {
  readonly engines: Map<string, Capabilities>;
  readonly lookedAt: number[] = [];
  readonly toldAt: number[] = [];
  told: readonly ProviderFact[] = [];
  nowMs = 0;
  lookMs = 0;
  random = 0;
  #looks: ProviderLooks;
  #dueAtMs = 0;
  #found: { readonly atMs: number; readonly look: ProviderLook }[] = [];

  constructor(engines: Readonly<Record<string, Capabilities>>, more: Partial<ProviderLook> = {}) {
    this.engines = new Map(Object.entries(engines));
    const looks = [...this.engines].map(([type, capabilities]) => {
      return { asked: type, type, capabilities, ...more };
    });
    this.#looks = startLooks(looks, this.#now());
    this.feed({ kind: "timer" });
    this.toldAt.length = 0;
    this.run(tellMsLeast);
  }

  feed(event: LooksEvent): void {
    const { looks, effects, dueAtMs } = stepLooks(this.#looks, event, this.#now());
    this.#looks = looks;
    this.#dueAtMs = dueAtMs;
    for (const effect of effects) {
      if (effect.kind === "tell") {
        this.told = effect.providers;
        this.toldAt.push(this.nowMs);
        continue;
      }
      const { asked } = effect;
      this.lookedAt.push(this.nowMs);
      const look = { asked, type: asked, capabilities: this.engines.get(asked) ?? gone };
      this.#found.push({ atMs: this.nowMs + this.lookMs, look });
    }
  }

  /** Lets time go on, and everything happen that is due by then. */
  run(ms: number): void {
    const endMs = this.nowMs + ms;
    for (;;) {
      const next = this.#found.toSorted((a, b) => a.atMs - b.atMs)[0];
      const atMs = Math.min(this.#dueAtMs, next?.atMs ?? Number.POSITIVE_INFINITY);
      if (atMs > endMs) break;
      this.nowMs = atMs;
      if (next !== undefined && next.atMs <= atMs) {
        this.#found = this.#found.filter((one) => one !== next);
        this.feed({ kind: "found", look: next.look });
      } else this.feed({ kind: "timer" });
    }
    this.nowMs = endMs;
  }

  fact(type: string): ProviderFact | undefined {
    return this.told.find((one) => one.type === type);
  }

  #now() {
    const random = () => this.random;
    return { monoMs: this.nowMs, wallMs: 1e12 + this.nowMs, told: this.told, random };
  }
}

test("what is away is looked for after 1 s, then later and later, up to half a minute; what takes long, five", () => {
  for (const [lookMs, most] of [
    [0, awayMsMost],
    [100, 100 * restPerLook],
    [2_000, restMsMost],
  ] as const) {
    const bench: Bench = new Bench({ docker: gone });
    bench.run(60_000);
    bench.lookMs = lookMs;
    bench.engines.set("docker", there);
    bench.run(2 * awayMsMost);
    bench.engines.set("docker", gone);
    bench.feed({ kind: "doubted", type: "docker" });
    bench.lookedAt.length = 0;
    bench.run(lookMs);
    const fromMs = bench.nowMs - lookMs;
    bench.run(3_600_000);
    const at: readonly number[] = [fromMs, ...bench.lookedAt];
    const waits = at.slice(1, 13).map((ms, i) => ms - (at[i] ?? 0) - lookMs);
    const doubled = Array.from({ length: 12 }, (_, i) => Math.min(awayMsLeast * 2 ** i, most));
    assert.deepEqual(waits, doubled);
    assert.equal(bench.toldAt.length, 2, "what has not changed is not told anew");
  }
});

test("what can never be offered is not looked at again", () => {
  const bench = new Bench({ rkt: gone }, { isFinal: true });
  bench.feed({ kind: "doubted", type: "rkt" });
  bench.run(3_600_000);
  assert.deepEqual(bench.lookedAt, []);
});

test("what is there is looked at every half to whole minute, as chance has it", () => {
  for (const [random, everyMs] of [
    [0, thereMs],
    [0.999_999, thereMs / 2],
  ] as const) {
    const bench = new Bench({ docker: there });
    bench.random = random;
    bench.run(20 * thereMs);
    const waits = bench.lookedAt.slice(1).map((ms, i) => ms - (bench.lookedAt[i] ?? 0));
    assert.ok(waits.length >= 18);
    for (const wait of waits) assert.ok(Math.abs(wait - everyMs) < 1, `${wait}`);
  }
});

test("an engine that goes, comes back as another version, and what was refused all along, are told with since when", () => {
  const bench = new Bench({ docker: there, podman: gone });
  const began = bench.fact("podman")?.since;
  bench.engines.set("docker", gone);
  bench.run(thereMs);
  const away = bench.fact("docker");
  assert.deepEqual([away?.available, away?.reason], [false, "nobody listens"]);
  assert.equal(away?.since, 1e12 + (bench.toldAt[0] ?? 0));
  bench.engines.set("docker", { available: true, version: "2", features: ["limits"] });
  bench.run(2 * thereMs);
  const back = bench.fact("docker");
  assert.deepEqual([back?.available, back?.version, back?.features], [true, "2", ["limits"]]);
  assert.ok((back?.since ?? 0) > (away?.since ?? 0));
  bench.engines.set("docker", { available: true, version: "3", features: [] });
  bench.run(thereMs);
  assert.deepEqual(
    [bench.fact("docker")?.version, bench.fact("docker")?.since],
    ["3", back?.since],
  );
  assert.equal(bench.fact("podman")?.since, began, "what has not changed says so");
  assert.equal(bench.toldAt.length, 3);
});

test("a call that failed has its engine looked at at once, and then not before two seconds later", () => {
  const bench = new Bench({ docker: there, podman: there });
  bench.engines.set("docker", gone);
  bench.feed({ kind: "doubted", type: "docker" });
  assert.deepEqual(bench.lookedAt, [bench.nowMs]);
  bench.run(0);
  assert.equal(bench.fact("docker")?.available, false);

  const refusing = new Bench({ docker: there });
  for (let n = 0; n < 100; n++) {
    refusing.feed({ kind: "doubted", type: "docker" });
    refusing.run(100);
  }
  assert.ok(refusing.lookedAt.length >= 5);
  for (const [i, ms] of refusing.lookedAt.slice(1).entries()) {
    assert.ok(ms >= (refusing.lookedAt[i] ?? 0) + doubtMsLeast);
  }
});

test("a call that fails during a look is younger news than what that finds", () => {
  const bench = new Bench({ docker: there });
  bench.lookMs = 100;
  bench.feed({ kind: "doubted", type: "docker" });
  bench.run(50);
  bench.engines.set("docker", gone);
  bench.feed({ kind: "doubted", type: "docker" });
  bench.run(50 + doubtMsLeast + 100);
  assert.equal(bench.fact("docker")?.available, false);
});

test("an engine that does not answer a look is told as away, and is looked at no more until that ends", () => {
  const bench = new Bench({ docker: there });
  bench.lookMs = 200_000;
  bench.feed({ kind: "doubted", type: "docker" });
  bench.run(silentMsMost);
  assert.match(bench.fact("docker")?.reason ?? "", /has not answered for 30 s/);
  bench.run(100_000);
  assert.equal(bench.lookedAt.length, 1);
  bench.run(200_000 - silentMsMost - 100_000);
  assert.equal(bench.fact("docker")?.available, true);
});

test("however engines flap, one thing is told in five seconds, and in the end what is so", () => {
  const moves = fc.array(
    fc.record({
      type: fc.constantFrom("docker", "podman"),
      is: fc.constantFrom(there, gone, { ...there, version: "2" }, { ...gone, reason: "no" }),
      ms: fc.nat(10_000),
      isDoubted: fc.boolean(),
      lookMs: fc.constantFrom(0, 50, 40_000),
      random: fc.double({ min: 0, max: 0.999, noNaN: true }),
    }),
    { maxLength: 60 },
  );
  fc.assert(
    fc.property(moves, (all) => {
      const bench = new Bench({ docker: there, podman: gone });
      for (const { type, is, ms, isDoubted, lookMs, random } of all) {
        bench.engines.set(type, is);
        Object.assign(bench, { lookMs, random });
        if (isDoubted) bench.feed({ kind: "doubted", type });
        bench.run(ms);
      }
      bench.lookMs = 0;
      bench.run(40_000 + restMsMost + thereMs + tellMsLeast);
      for (const [i, ms] of bench.toldAt.slice(1).entries()) {
        // A sum, as the code has it: a difference of these may be less by rounding.
        assert.ok(ms >= (bench.toldAt[i] ?? 0) + tellMsLeast);
      }
      for (const [type, is] of bench.engines) {
        const { since: _since, type: _type, ...told } = bench.fact(type) ?? {};
        assert.deepEqual(told, is);
      }
    }),
  );
});
