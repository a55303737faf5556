/**
 * Incarnations: what a node says of itself is ordered by how often it has started (its boot counter)
 * and by a number within that boot. Both in one number below 2^53, so that it stays exact in
 * JavaScript and MessagePack: 29 bits of boots (one a second for 17 years) and 24 bits within a boot (one
 * a second for half a year; a node that runs out of them takes the next boot counter).
 */
const withinBits = 24;
const perBoot = 2 ** withinBits;
/** The first of a boot lies below this; see `firstIncarnation`. */
const firstsPerBoot = 2 ** 16;

/** Boot counters from here on cannot be had: the data folder must be given up for a new one. */
export const bootMax = 2 ** 29;

/**
 * The first incarnation of a node's life. It begins anywhere (`draw` in [0, 1)) in the boot's first
 * 65,536: two lives of one boot counter, as a restored snapshot makes, are then told apart.
 */
export function firstIncarnation(boot: number, draw: number): number {
  return boot * perBoot + Math.floor(draw * firstsPerBoot);
}

/** The boot counter within an incarnation. */
export function bootOf(incarnation: number): number {
  return Math.floor(incarnation / perBoot);
}

/** The next one of the same boot; undefined: there is none left. */
export function nextIncarnation(incarnation: number): number | undefined {
  const next = incarnation + 1;
  return bootOf(next) === bootOf(incarnation) ? next : undefined;
}
