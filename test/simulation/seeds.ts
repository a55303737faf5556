/**
 * Runs plan after plan, and tells what fails so that it can be replayed: seed, options, and a schedule
 * that was shortened as far as there is time for it in a test.
 */
import assert from "node:assert/strict";
import { drawPlan, type FaultKind } from "../../src/simulator/draw-plan.ts";
import { type Plan, planToText } from "../../src/simulator/schedule.ts";
import { shorten } from "../../src/simulator/shorten.ts";
import { runPlan, type Violation } from "../../src/simulator/trial.ts";

export interface SeedsOptions {
  readonly first: number;
  readonly count: number;
  /** The nodes of a seed's run; default: 3 to 9, in turn. */
  readonly nodes?: number;
  /** Virtual seconds of a run; default 120. */
  readonly seconds?: number;
  readonly faults?: readonly FaultKind[];
  readonly isSlow?: boolean;
}

/** Runs that shortening a failed plan may take here. */
const shortenRunsMax = 40;

/** Fails at the first seed under which something did not hold. */
export async function holdsFor(options: SeedsOptions): Promise<void> {
  const { first, count, nodes, seconds = 120, faults, isSlow } = options;
  for (let seed = first; seed < first + count; seed++) {
    const plan = drawPlan({ seed, nodes: nodes ?? 3 + (seed % 7), seconds, faults, isSlow });
    const { violations } = await runPlan(plan);
    if (violations.length > 0) assert.fail(await story(plan, violations));
  }
}

async function story(plan: Plan, violations: readonly Violation[]): Promise<string> {
  const { seed, nodes, seconds } = plan;
  const broken = violations[0]?.invariant;
  const short = await shorten(
    plan,
    async (shorter) => (await runPlan(shorter)).violations[0]?.invariant === broken,
    { runsMax: shortenRunsMax },
  );
  return [
    `--seed ${seed} --nodes ${nodes} --seconds ${seconds}`,
    ...violations
      .slice(0, 5)
      .map(({ invariant, what, atMs }) => `invariant ${invariant} at ${atMs} ms: ${what}`),
    "Shortened; put it into a file for npm run simulate -- --replay FILE:",
    planToText(short),
  ].join("\n");
}
