/**
 * When which machines were disturbed so that others may rightly have taken their nodes for dead: what
 * is held against a false accusation. What a node must bear (a short stall, a late frame) is none.
 */
interface Interval {
  /** Undefined: whoever. */
  readonly machine: string | undefined;
  readonly fromMs: number;
  toMs: number;
}

export class Disturbances {
  readonly #intervals: Interval[] = [];

  /** From `fromMs` until the returned function is called with the time of the end. */
  begin(machine: string | undefined, fromMs: number): (toMs: number) => void {
    const interval: Interval = { machine, fromMs, toMs: Number.POSITIVE_INFINITY };
    this.#intervals.push(interval);
    return (toMs) => {
      interval.toMs = toMs;
    };
  }

  /** Whether one of the machines, or the network as a whole, was disturbed between the two times. */
  has(machines: readonly string[], fromMs: number, toMs: number): boolean {
    return this.#intervals.some(
      (interval) =>
        interval.fromMs <= toMs &&
        interval.toMs >= fromMs &&
        (interval.machine === undefined || machines.includes(interval.machine)),
    );
  }
}
