/**
 * How many inputs a fuzzing test tries: a share of what MOB_FUZZ_RUNS says, which a nightly run sets to
 * millions, or what fits in a run of all tests.
 */
export function fuzzRuns(usual: number): number {
  const asked = Number(process.env["MOB_FUZZ_RUNS"]);
  return Number.isSafeInteger(asked) && asked > 0 ? Math.max(usual, asked) : usual;
}
