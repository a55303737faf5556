/**
 * Work on ranges of a file that may be large, a block at a time: each step is short and in a
 * thread, so that no amount of output holds up the node.
 */
import { type FileHandle, open } from "node:fs/promises";
import type { Range } from "./segments.ts";

/** Bytes copied or searched at a time: some 1 ms. */
export const blockBytes = 1 << 20;
const newline = 10;

/** Up to `length` bytes of a file from `offset` on; undefined when there is no such file. */
export async function readAt(
  path: string,
  offset: number,
  length: number,
): Promise<Uint8Array | undefined> {
  const file = await open(path, "r").catch(() => undefined);
  if (file === undefined) return undefined;
  try {
    const { size } = await file.stat();
    const bytes = new Uint8Array(Math.max(0, Math.min(length, size - offset)));
    const { bytesRead } = await file.read(bytes, 0, bytes.length, offset);
    return bytes.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** Copies a range into a file of its own, made anew. */
export async function copyRange(source: FileHandle, range: Range, target: string): Promise<void> {
  const file = await open(target, "w", 0o600);
  try {
    const block = new Uint8Array(Math.min(blockBytes, range.to - range.from));
    for (let at = range.from; at < range.to; ) {
      const length = Math.min(block.length, range.to - at);
      const { bytesRead } = await source.read(block, 0, length, at);
      if (bytesRead === 0) break;
      await file.write(block, 0, bytesRead);
      at += bytesRead;
    }
  } finally {
    await file.close();
  }
}

/** Where the first line at or after `from` (above 0) begins; `from` when none does within a block. */
export async function lineStart(file: FileHandle, from: number): Promise<number> {
  const block = new Uint8Array(blockBytes);
  const { bytesRead } = await file.read(block, 0, block.length, from - 1);
  const at = block.subarray(0, bytesRead).indexOf(newline);
  return at < 0 ? from : from + at;
}

/** Where the last whole line of a range ends; the end of the range when no line ends in it. */
export async function lastLineEnd(file: FileHandle, { from, to }: Range): Promise<number> {
  const block = new Uint8Array(blockBytes);
  for (let end = to; end > from; ) {
    const start = Math.max(from, end - block.length);
    const { bytesRead } = await file.read(block, 0, end - start, start);
    const at = block.subarray(0, bytesRead).lastIndexOf(newline);
    if (at >= 0) return start + at + 1;
    end = start;
  }
  return to;
}

/** Where the last `lines` lines of `bytes` begin; or how many of them began before it. */
export function lastLines(bytes: Uint8Array, lines: number): { at: number } | { missing: number } {
  let missing = lines;
  for (let i = bytes.length; i > 0; ) {
    i = bytes.lastIndexOf(newline, i - 1);
    if (i < 0) break;
    if (missing-- === 0) return { at: i + 1 };
  }
  return { missing };
}
