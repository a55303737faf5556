/**
 * Durations and sizes as people write them: `250ms`, `10s`, `1.5h`; `10MB`, `256KiB`. A duration
 * always has its unit: a bare `5` has meant seconds to some and milliseconds to others.
 */

const msPerUnit = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

const bytesPerUnit = {
  B: 1,
  KB: 1_000,
  MB: 1_000_000,
  GB: 1_000_000_000,
  KiB: 1_024,
  MiB: 1_048_576,
  GiB: 1_073_741_824,
} as const;

/** What a duration, and a size, looks like. */
export const durationPattern = quantityPattern(msPerUnit);
export const sizePattern = quantityPattern(bytesPerUnit);

/** Whole milliseconds, rounded; undefined when it is no duration. */
export function parseDuration(text: string): number | undefined {
  return parseQuantity(text, durationPattern, msPerUnit);
}

/** Whole bytes, rounded; undefined when it is no size. KB is 1,000 bytes, KiB is 1,024. */
export function parseSize(text: string): number | undefined {
  return parseQuantity(text, sizePattern, bytesPerUnit);
}

/** The shortest exact text of whole milliseconds, in the largest unit that leaves no fraction. */
export function durationText(ms: number): string {
  if (ms === 0) return "0s";
  if (ms % msPerUnit.h === 0) return `${ms / msPerUnit.h}h`;
  if (ms % msPerUnit.m === 0) return `${ms / msPerUnit.m}m`;
  return ms % msPerUnit.s === 0 ? `${ms / msPerUnit.s}s` : `${ms}ms`;
}

/** A size for people, to three places: `256MB`, `8.345GB`. */
export function sizeText(bytes: number): string {
  const { GB, MB, KB, B } = bytesPerUnit;
  const [unit, each] = (
    [
      ["GB", GB],
      ["MB", MB],
      ["KB", KB],
    ] as const
  ).find(([, size]) => bytes >= size) ?? ["B", B];
  return `${Math.round((bytes / each) * 1_000) / 1_000}${unit}`;
}

type Units = Readonly<Record<string, number>>;

function quantityPattern(units: Units): RegExp {
  return new RegExp(`^(\\d{1,15}(?:\\.\\d{1,9})?) ?(${Object.keys(units).join("|")})$`);
}

function parseQuantity(text: string, pattern: RegExp, units: Units): number | undefined {
  const [, digits, unit = ""] = pattern.exec(text) ?? [];
  const each = units[unit];
  return digits === undefined || each === undefined ? undefined : Math.round(Number(digits) * each);
}
