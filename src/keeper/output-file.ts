/**
 * The output of one instance on disk: `output`, to which its tasks append by themselves, and
 * `segments/`, into which its head is archived. Readers see one stream; all of them share this one.
 */
import { closeSync, existsSync, openSync, readSync, statSync } from "node:fs";
import { type FileHandle, mkdir, open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { blockBytes, copyRange, lastLineEnd, lastLines, lineStart, readAt } from "./file-ranges.ts";
import { emptyKeepingLength, punch } from "./free-head.ts";
import type { LogLimits, OutputChunk } from "./output.ts";
import { listSegments, nextStep, type Range, rotate, segmentName } from "./segments.ts";

export interface OutputFileOptions {
  /** Frees the head of a file; default: by punching a hole. False: it cannot be done here. */
  readonly punch?: (file: string, bytes: number) => Promise<boolean>;
}

export class OutputFile {
  readonly path: string;
  readonly #folder: string;
  #segments: readonly Range[] = [];
  /** What is before is in segments, or gone; never before it in the live file again. */
  #archivedTo = 0;
  #archiving: Promise<void> | undefined;
  /** The live file, kept open: to look at it costs a fifth of what to open it does. */
  #looked: number | undefined;
  #closed = false;
  readonly #punch: NonNullable<OutputFileOptions["punch"]>;
  #punches = true;

  private constructor(instanceFolder: string, options: OutputFileOptions) {
    this.#punch = options.punch ?? punch;
    this.path = join(instanceFolder, "output");
    this.#folder = join(instanceFolder, "segments");
  }

  /** Opens the output in an instance's folder; it may be that none was ever written. */
  static async open(instanceFolder: string, options: OutputFileOptions = {}): Promise<OutputFile> {
    const output = new OutputFile(instanceFolder, options);
    // Most outputs never get as far, and to fail costs more than to ask.
    output.#segments = existsSync(output.#folder) ? await listSegments(output.#folder) : [];
    output.#archivedTo = output.#segments.at(-1)?.to ?? 0;
    return output;
  }

  /** Where the output ends. */
  get end(): number {
    const size = statSync(this.path, { throwIfNoEntry: false })?.size ?? 0;
    return Math.max(size, this.#archivedTo);
  }

  /** Up to `bytesMax` from `cursor` on; empty at the end. */
  async read(cursor: number, bytesMax: number): Promise<OutputChunk> {
    for (let from = cursor; ; ) {
      const segment = this.#segments.find(({ to }) => to > from);
      if (segment !== undefined && from >= segment.from) {
        const length = Math.min(bytesMax, segment.to - from);
        const bytes = await readAt(this.#segmentPath(segment), from - segment.from, length);
        if (bytes !== undefined) return { bytes, from, next: from + bytes.length };
        continue; // Rotated away while we opened it.
      }
      if (from < this.#archivedTo) {
        from = segment?.from ?? this.#archivedTo; // A gap: rotated away, or outrun.
        continue;
      }
      const bytes = (await readAt(this.path, from, bytesMax)) ?? new Uint8Array();
      // Freed under our hands, it may have read as zeros: it is in a segment by now.
      if (from < this.#archivedTo) continue;
      return { bytes, from, next: from + bytes.length };
    }
  }

  /** The cursor at which the last `lines` lines begin; an unfinished last line counts as one. */
  async tail(lines: number): Promise<number> {
    const start = this.#segments[0]?.from ?? this.#archivedTo;
    const { end } = this;
    if (lines <= 0 || end <= start) return end;
    // A newline at the very end ends the last line; it begins none.
    const whole = endsLine(await this.#readAll(end - 1, end));
    let missing = whole ? lines : lines - 1;
    for (let before = end; before > start; ) {
      const from = Math.max(start, before - blockBytes);
      const found = lastLines(await this.#readAll(from, before), missing);
      if ("at" in found) return from + found.at;
      missing = found.missing;
      before = from;
    }
    return start;
  }

  /** Whether there is something to archive. */
  isDue({ fileBytesMax }: LogLimits): boolean {
    if (this.#closed) return false;
    this.#looked ??= openIfAny(this.path);
    const last = this.#archivedTo + fileBytesMax - 1;
    return this.#looked !== undefined && readSync(this.#looked, oneByte, 0, 1, last) === 1;
  }

  /** Archives what is due and frees it in the live file. One run at a time. */
  archive(limits: LogLimits): Promise<void> {
    this.#archiving ??= this.#archive(limits).finally(() => {
      this.#archiving = undefined;
    });
    return this.#archiving;
  }

  /** Archives no more; resolves when nothing is being archived. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#letGo();
    await this.#archiving?.catch(() => {}); // Whoever asked for it was told.
  }

  #letGo(): void {
    if (this.#looked !== undefined) closeSync(this.#looked);
    this.#looked = undefined;
  }

  async #archive(limits: LogLimits): Promise<void> {
    this.#letGo(); // Another may have its name by now.
    if (!this.isDue(limits)) return;
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const live = await open(this.path, "r");
    try {
      await this.#cutAllDue(live, limits);
      this.#punches &&= await this.#punch(this.path, this.#archivedTo);
      if (!this.#punches) await this.#empty(live, limits);
    } finally {
      await live.close();
    }
  }

  async #cutAllDue(live: FileHandle, limits: LogLimits): Promise<void> {
    for (;;) {
      const step = nextStep(this.#archivedTo, this.end, limits);
      if (step === undefined) return;
      const from = step.midLine ? await lineStart(live, step.from) : step.from;
      const to = await lastLineEnd(live, { from, to: from + limits.fileBytesMax });
      await this.#cut(live, { from, to }, limits);
    }
  }

  /** Where no hole can be punched: archives the rest as well, then empties the live file. */
  async #empty(live: FileHandle, limits: LogLimits): Promise<void> {
    const rest = { from: this.#archivedTo, to: this.end };
    if (rest.to > rest.from) await this.#cut(live, rest, limits);
    await emptyKeepingLength(this.path);
  }

  /** Makes a segment, whole at once, and lets go of those that are too many by now. */
  async #cut(live: FileHandle, range: Range, limits: LogLimits): Promise<void> {
    const unfinished = join(this.#folder, "unfinished");
    await copyRange(live, range, unfinished);
    await rename(unfinished, this.#segmentPath(range));
    const { kept, dropped } = rotate([...this.#segments, range], limits);
    this.#segments = kept;
    this.#archivedTo = range.to;
    for (const segment of dropped) await rm(this.#segmentPath(segment), { force: true });
  }

  async #readAll(from: number, to: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(to - from);
    for (let at = from; at < to; ) {
      const chunk = await this.read(at, to - at);
      if (chunk.bytes.length === 0 || chunk.from >= to) break;
      bytes.set(chunk.bytes.subarray(0, Math.max(0, to - chunk.from)), chunk.from - from);
      at = chunk.next;
    }
    return bytes;
  }

  #segmentPath(segment: Range): string {
    return join(this.#folder, segmentName(segment.from));
  }
}

function endsLine(bytes: Uint8Array): boolean {
  return bytes.at(-1) === 10;
}

/**
 * To read one byte tells whether the file is so long. `statSync` does too, and makes a dozen objects of each
 * answer: of two hundred quiet outputs, a third of all that the node allocated.
 */
const oneByte = new Uint8Array(1);

/** What `openSync` throws costs more than to ask. */
function openIfAny(path: string): number | undefined {
  return existsSync(path) ? openSync(path, "r") : undefined;
}
