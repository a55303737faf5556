/**
 * How fast the simulator is: virtual seconds a second of CPU, so that what else the machine does counts
 * little. Whole nodes under faults, and membership by itself. `MOB_BENCH_WHOLE` (default none) adds a
 * network of so many whole nodes, which takes minutes and, at 1,000, several GiB.
 */
import { drawPlan } from "../src/simulator/draw-plan.ts";
import { MemberNetwork } from "../src/simulator/member-network.ts";
import type { Plan } from "../src/simulator/schedule.ts";
import { runPlan } from "../src/simulator/trial.ts";
import type { BenchResult } from "./result.ts";
import { cpuSeconds } from "./statistics.ts";

export const name = "simulator";

const wholeNodes = Number(process.env["MOB_BENCH_WHOLE"] ?? 0);
const unit = "virtual seconds a second of CPU";

export async function run(): Promise<readonly BenchResult[]> {
  await speedOf(plansOf(1, 7, 120)); // Compiled by then.
  const seven = await speedOf(plansOf(8, 7, 120));
  const hundred = await speedOf(plansOf(1, 100, 15));
  return [
    { metric: "7 whole nodes, 8 seeds of 120 s", unit, ours: seven, ...atLeast(100, seven) },
    { metric: "100 whole nodes, coming up and 15 s", unit, ours: hundred },
    ...(wholeNodes > 0 ? [await whole()] : []),
    members(),
  ];
}

function plansOf(count: number, nodes: number, seconds: number): readonly Plan[] {
  return Array.from({ length: count }, (_, i) => drawPlan({ seed: i + 1, nodes, seconds }));
}

/** @throws Error where something did not hold: what ended early tells nothing of speed */
async function speedOf(plans: readonly Plan[]): Promise<number> {
  const beganAt = cpuSeconds();
  let virtualMs = 0;
  for (const plan of plans) {
    const { endedAtMs, violations } = await runPlan(plan);
    if (violations.length > 0) throw new Error(`seed ${plan.seed}: ${violations[0]?.what}`);
    virtualMs += endedAtMs;
  }
  return virtualMs / 1_000 / (cpuSeconds() - beganAt);
}

async function whole(): Promise<BenchResult> {
  const plan = drawPlan({ seed: 1, nodes: wholeNodes, seconds: 40, faults: [] });
  const metric = `${wholeNodes} whole nodes, coming up and 40 s, no faults`;
  return { metric, unit, ours: await speedOf([plan]) };
}

function members(): BenchResult {
  const [size, seconds] = [1_000, 60];
  const network = new MemberNetwork({ seed: 9, size, isTraced: false });
  network.startAll();
  network.run(20_000);
  const beganAt = cpuSeconds();
  network.run(seconds * 1_000);
  const speed = seconds / (cpuSeconds() - beganAt);
  return { metric: `membership of ${size}, quiet`, unit, ours: speed, ...atLeast(1, speed) };
}

function atLeast(least: number, ours: number): Pick<BenchResult, "goal" | "met"> {
  return { goal: `at least ${least}`, met: ours >= least };
}
