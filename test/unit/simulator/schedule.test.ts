import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { BadRequest } from "../../../src/core/errors.ts";
import { asFaultKind, drawPlan, faultKinds } from "../../../src/simulator/draw-plan.ts";
import { healAtMs, type Plan, parsePlan, planToText } from "../../../src/simulator/schedule.ts";
import { shorten } from "../../../src/simulator/shorten.ts";

const seeds = fc.nat(100_000);
const nodes = fc.integer({ min: 1, max: 9 });

test("a plan is drawn from its options alone, and read back from its text as it was", () => {
  fc.assert(
    fc.property(seeds, nodes, (seed, count) => {
      const draw = () => drawPlan({ seed, nodes: count, seconds: 60 });
      const plan = draw();
      assert.deepEqual(draw(), plan);
      assert.deepEqual(parsePlan(planToText(plan)), plan);
    }),
    { numRuns: 100 },
  );
});

test("items are in order, and none begins when all is to be whole", () => {
  fc.assert(
    fc.property(seeds, nodes, (seed, count) => {
      const plan = drawPlan({ seed, nodes: count, seconds: 60, faults: faultKinds });
      const times = plan.items.map(({ atMs }) => atMs);
      assert.deepEqual(
        times,
        [...times].sort((a, b) => a - b),
      );
      assert.ok(times.every((ms) => ms < healAtMs(plan)));
    }),
    { numRuns: 50 },
  );
});

test("over many seeds every fault is drawn, and no seed has them all", () => {
  const drawn = new Set<string>();
  for (let seed = 0; seed < 60; seed++) {
    const kinds = new Set(drawPlan({ seed, nodes: 5, seconds: 120 }).items.map(({ kind }) => kind));
    for (const kind of kinds) drawn.add(kind);
    assert.ok(faultKinds.some((kind) => !kinds.has(kind)));
  }
  assert.deepEqual(
    faultKinds.filter((kind) => !drawn.has(kind)),
    [],
  );
});

test("both sides of each partition write just before it ends, each time other versions", () => {
  fc.assert(
    fc.property(seeds, nodes, (seed, count) => {
      const plan = drawPlan({ seed, nodes: count, seconds: 120, faults: ["partition"] });
      const cuts = plan.items.filter((item) => item.kind === "partition");
      const writes = plan.items.filter((item) => item.kind === "rivals");
      assert.equal(writes.length, cuts.length);
      assert.equal(new Set(writes.map(({ version }) => version)).size, writes.length);
      for (const { atMs, forMs } of cuts) {
        const endMs = Math.min(atMs + forMs, healAtMs(plan));
        assert.ok(writes.some((write) => write.atMs < endMs && write.atMs >= endMs - 1_500));
      }
    }),
    { numRuns: 50 },
  );
});

test("what is no plan is refused with what is wrong", () => {
  const plan = { seed: 1, nodes: 3, seconds: 60, items: [] as unknown[] };
  const refuses = (items: unknown[], pattern: RegExp) =>
    assert.throws(
      () => parsePlan(JSON.stringify({ ...plan, items })),
      (error) => error instanceof BadRequest && pattern.test(error.message),
    );
  assert.throws(() => parsePlan("{"), BadRequest);
  refuses([{ kind: "flood", atMs: 1 }], /items/);
  refuses([{ kind: "crash", atMs: 1, forMs: 1, machine: "n4" }], /n4 is none of its 3/);
  refuses([{ kind: "partition", atMs: 1, forMs: 1, side: ["n1", "n9"] }], /n9/);
  assert.throws(() => asFaultKind("flood"), /there is no fault "flood"; there are: crash/);
});

test("a plan is shortened to exactly what it takes to fail, wherever that is", async () => {
  const { items } = drawPlan({ seed: 5, nodes: 5, seconds: 120 });
  const plan: Plan = { seed: 5, nodes: 5, seconds: 120, items };
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(fc.nat(items.length - 1), { maxLength: 4 }), async (needed) => {
      const guilty = needed.map((at) => items[at]);
      const short = await shorten(
        plan,
        async (tried) => guilty.every((item) => item && tried.items.includes(item)),
        { runsMax: 2_000 },
      );
      assert.deepEqual(
        short.items,
        items.filter((item) => guilty.includes(item)),
      );
    }),
    { numRuns: 30 },
  );
});

test("shortening ends when it has taken as many runs as it may", async () => {
  const plan = drawPlan({ seed: 5, nodes: 5, seconds: 120 });
  let runs = 0;
  const fails = async () => {
    runs++;
    return false;
  };
  assert.deepEqual(await shorten(plan, fails, { runsMax: 7 }), plan);
  assert.equal(runs, 7);
});
