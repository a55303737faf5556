/** Raw measurements in short: how many fell into each of equal buckets, the empty ones left out. */
export type Histogram = readonly (readonly [from: number, count: number])[];

/** Of `values` in buckets of `width`. */
export function histogramOf(values: readonly number[], width: number): Histogram {
  const counts = new Map<number, number>();
  for (const value of values) {
    const from = Math.floor(value / width) * width;
    counts.set(from, (counts.get(from) ?? 0) + 1);
  }
  return [...counts].sort(([a], [b]) => a - b);
}

/** On one line: `400: 3, 500: 12`. */
export function histogramText(histogram: Histogram): string {
  return histogram.map(([from, count]) => `${from}: ${count}`).join(", ");
}
