/**
 * Copies the log of one container to the end of its instance's output, where the logs of every provider
 * are: in order, and each entry once, however often the stream breaks or the node is killed. How far it
 * is stands in a file beside the output. That may be behind the output, never before it: what the output
 * has beyond it is known to be what comes next in the log.
 */
import { readFileSync, statSync } from "node:fs";
import { appendFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import Type from "typebox";
import { Compile } from "typebox/compile";
import type { LogSource } from "./log-source.ts";

const isNote = Compile(
  Type.Object({
    container: Type.String(),
    offset: Type.Integer({ minimum: 0 }),
    position: Type.Unknown(),
  }),
);

/** Least time between two notes of how far it is, which a restarted node then need not read again. */
const noteEveryMs = 1_000;

export interface LogCopyOptions<Position> {
  readonly source: LogSource<Position>;
  /** Its id. */
  readonly container: string;
  /** The instance's: with `output` in it. */
  readonly folder: string;
}

export class LogCopy<Position = unknown> {
  readonly #options: LogCopyOptions<Position>;
  readonly #output: string;
  readonly #note: string;
  /** In the output: what of the log comes next has its place here. */
  #offset: number;
  #position: Position | undefined;
  #notedAtMs = 0;

  constructor(options: LogCopyOptions<Position>) {
    this.#options = options;
    this.#output = join(options.folder, "output");
    this.#note = join(options.folder, "log-position");
    this.#offset = this.#end();
    this.#readNote();
  }

  /**
   * Copies what there is and, where it is to follow, what comes, until the container has ended or `signal`
   * is aborted. To be called again when the stream broke; one at a time.
   * @throws Unavailable when the engine does not answer, or no more; what the disk says
   */
  async copy(follow: boolean, signal: AbortSignal): Promise<void> {
    await this.#noteDown(); // Before the first byte: nothing else tells where this log begins.
    for await (const piece of this.#options.source.read(this.#position, follow, signal)) {
      const written = Math.max(0, this.#end() - this.#offset);
      await appendFile(this.#output, piece.bytes.subarray(written), { mode: 0o600 });
      this.#offset += piece.bytes.length;
      this.#position = piece.position;
      if (performance.now() - this.#notedAtMs >= noteEveryMs) await this.#noteDown();
    }
    await this.#noteDown();
  }

  #end(): number {
    return statSync(this.#output, { throwIfNoEntry: false })?.size ?? 0;
  }

  #readNote(): void {
    const note = readJson(this.#note);
    if (!isNote.Check(note) || note.container !== this.#options.container) return;
    this.#offset = note.offset;
    this.#position = this.#options.source.parse(note.position);
  }

  async #noteDown(): Promise<void> {
    this.#notedAtMs = performance.now();
    const { container } = this.#options;
    const note = JSON.stringify({
      container,
      offset: this.#offset,
      position: this.#position ?? null,
    });
    await writeFile(`${this.#note}.new`, note, { mode: 0o600 });
    await rename(`${this.#note}.new`, this.#note);
  }
}

/** Undefined where there is none, or a crash of the machine has left half of it. */
function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
}
