/** Figures over many measurements: medians, since on a busy machine a mean tells of its neighbours. */
import type { BenchResult } from "./result.ts";

/** To be added to, in ms. */
export function noTimes(): number[] {
  return [];
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

/** The least of them that the share `part` (above 0, to 1) of all do not exceed: the 95th of twenty is the last but one. */
export function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * part) - 1] ?? Number.NaN;
}

/** Times of ours over those of a bare child process, by their medians. */
export function compareTimes(
  metric: string,
  ours: readonly number[],
  bare: readonly number[],
  ratioMax?: number,
): BenchResult {
  const reference = { name: "child_process.spawn", value: median(bare) };
  const ratio = median(ours) / reference.value;
  const result = { metric, unit: "ms", ours: median(ours), reference, ratio };
  if (ratioMax === undefined) return result;
  return { ...result, goal: `within ${ratioMax} of a bare spawn`, met: ratio <= ratioMax };
}

/** How many a second, from the time that `count` of them took: at least half as many as bare ones. */
export function compareRates(
  metric: string,
  count: number,
  ours: readonly number[],
  bare: readonly number[],
): BenchResult {
  const rate = (count * 1_000) / median(ours);
  const value = (count * 1_000) / median(bare);
  return {
    metric,
    unit: "a second",
    ours: rate,
    reference: { name: "child_process.spawn", value },
    ratio: rate / value,
    goal: "at least 0.5 of a bare spawn",
    met: rate / value >= 0.5,
  };
}

/** That this process has used so far, all its threads together. */
export function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}
