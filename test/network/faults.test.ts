/**
 * The faults and the checks of the simulator on five real nodes, each in a network namespace of its own,
 * a short form of each: `npm run kernel` has the long one. Users go on wishing all the while.
 */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { undoneAfter } from "../support/lan/cleanup.ts";
import { whyNoStarving } from "../support/lan/cpu-share.ts";
import { whyNoLan } from "../support/lan/tools.ts";
import { planOf, type RealFault } from "./trial/real-plan.ts";
import { runRealPlan } from "./trial/real-trial.ts";

const skip = whyNoLan();
/** Of what happened, told where something did not hold. */
const notesShown = 150;

async function holds(
  t: TestContext,
  plan: { readonly seed: number; readonly healAtMs: number },
  faults: readonly RealFault[],
): Promise<void> {
  const { undoing, folder } = await undoneAfter(t);
  const outcome = await runRealPlan(undoing, planOf({ ...plan, nodes: 5 }, faults), { folder });
  const { violations, notes, done } = outcome;
  assert.deepEqual(violations, [], notes.slice(-notesShown).join("\n"));
  assert.ok(done > 0, "no wish of a user was answered as done");
}

test(
  "nodes that stand still for 1 s or for 5 s, or are killed, lose nothing and run nothing twice",
  {
    skip,
  },
  (t) =>
    holds(t, { seed: 1, healAtMs: 20_000 }, [
      { kind: "stall", atMs: 5_000, machine: "n2", forMs: 1_000 },
      { kind: "crash", atMs: 6_500, machine: "n1", forMs: 2_000 },
      { kind: "stall", atMs: 9_000, machine: "n3", forMs: 5_000 },
      { kind: "kill-task", atMs: 11_000, machine: "n4", pick: 0.5 },
      { kind: "crash", atMs: 13_000, machine: "n5", forMs: 5_000 },
    ]),
);

test(
  "two of five cut off from the others, and then one, go on, and all agree afterwards",
  {
    skip,
  },
  (t) =>
    holds(t, { seed: 2, healAtMs: 32_000 }, [
      { kind: "partition", atMs: 5_000, side: ["n1", "n2"], forMs: 18_000 },
      { kind: "partition", atMs: 24_000, side: ["n3"], forMs: 8_000 },
    ]),
);

test(
  "a link that is cut in one direction, and packets that are lost, divide nothing for good",
  {
    skip,
  },
  (t) =>
    holds(t, { seed: 3, healAtMs: 18_000 }, [
      { kind: "late", atMs: 4_000, share: 0.05, lateMs: 0, forMs: 6_000 },
      { kind: "cut", atMs: 10_000, from: "n1", to: "n2", forMs: 8_000 },
      { kind: "cut", atMs: 11_000, from: "n4", to: "n3", forMs: 7_000 },
    ]),
);

test(
  "all nodes killed at once, and one that hardly gets any processor, come back to what was wished",
  {
    skip: skip || whyNoStarving(),
  },
  (t) =>
    holds(t, { seed: 4, healAtMs: 18_000 }, [
      { kind: "starve", atMs: 5_000, machine: "n2", share: 0.1, forMs: 7_000 },
      { kind: "blackout", atMs: 13_000, forMs: 1_000 },
    ]),
);
