/**
 * Archived output: files of whole lines, named by the offset they begin at. Name and size are all
 * there is to know; no position is kept anywhere else, so no crash can make the two disagree.
 */
import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { LogLimits } from "./output.ts";

/** Bytes `from` up to, and not including, `to`, of all the output there ever was. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** Digits of an offset in a file's name, so that names sort: enough for 9 PB. */
const digits = 16;

export function segmentName(from: number): string {
  return `${String(from).padStart(digits, "0")}.log`;
}

/** Offset of the first byte of a segment; undefined for another file. */
export function parseSegmentName(name: string): number | undefined {
  return /^\d{16}\.log$/.test(name) ? Number(name.slice(0, digits)) : undefined;
}

/** The segments in a folder, in order. What a crash left half written is removed. */
export async function listSegments(folder: string): Promise<Range[]> {
  const segments: Range[] = [];
  for (const name of (await readdir(folder)).sort()) {
    const from = parseSegmentName(name);
    if (from === undefined) await rm(join(folder, name), { force: true });
    else segments.push({ from, to: from + (await stat(join(folder, name))).size });
  }
  return segments;
}

/** What to do next with a live file that is `liveBytes` long, holes included. */
export interface ArchiveStep {
  /** Archive from here; larger than the end of the last segment when the writer outran us. */
  readonly from: number;
  /** Skip to the next line first: `from` is somewhere inside one. */
  readonly midLine: boolean;
}

/**
 * The next step, or undefined while the live tail is not yet a file's worth. What is older than all
 * that will be kept is not copied first: it would only be rotated away.
 */
export function nextStep(
  archivedTo: number,
  liveBytes: number,
  limits: LogLimits,
): ArchiveStep | undefined {
  if (liveBytes - archivedTo < limits.fileBytesMax) return undefined;
  const oldestKept = liveBytes - limits.fileBytesMax * limits.filesMax;
  if (oldestKept <= archivedTo) return { from: archivedTo, midLine: false };
  return { from: oldestKept, midLine: true };
}

/** The newest segments that may stay, and those that must go. */
export function rotate(
  segments: readonly Range[],
  limits: LogLimits,
): { readonly kept: readonly Range[]; readonly dropped: readonly Range[] } {
  const drop = Math.max(0, segments.length - limits.filesMax);
  return { kept: segments.slice(drop), dropped: segments.slice(0, drop) };
}
