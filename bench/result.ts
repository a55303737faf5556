/**
 * What a benchmark reports: one number, and where there is something to compare with, that one's
 * number from the same run. Machines differ and are noisy, so the ratio is what is held to a goal.
 */
import type { Histogram } from "./histogram.ts";

export interface BenchResult {
  /** What was measured, and whether higher or lower is better where that is not plain. */
  readonly metric: string;
  readonly unit: string;
  readonly ours: number;
  readonly reference?: { readonly name: string; readonly value: number };
  /** ours / reference. */
  readonly ratio?: number;
  /** As stated, such as `at least 0.8 of bare nact`. */
  readonly goal?: string;
  readonly met?: boolean;
  /** Everything behind the number: the lower end of each bucket, and how many were in it. */
  readonly histogram?: Histogram;
}
