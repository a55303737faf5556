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
import type { Engine } from "./engine.ts";
import { type LogEntry, LogFrames } from "./log-frames.ts";
import { after, type LogPosition, startAt, toAsk } from "./log-position.ts";

const count = Type.Integer({ minimum: 0 });
const Stored = Type.Object({
  container: Type.String(),
  offset: count,
  entries: count,
  recent: Type.Array(Type.Object({ second: Type.Integer(), entries: count }), { maxItems: 16 }),
  isClockUnsure: Type.Boolean(),
});
const isStored = Compile(Stored);

/** Least time between two notes of how far it is, which a restarted node then need not read again. */
const noteEveryMs = 1_000;

export interface LogCopyOptions {
  readonly engine: Engine;
  /** Its id. */
  readonly container: string;
  /** The instance's: with `output` in it. */
  readonly folder: string;
}

export class LogCopy {
  readonly #options: LogCopyOptions;
  readonly #output: string;
  readonly #note: string;
  #position: LogPosition;
  #notedAtMs = 0;

  constructor(options: LogCopyOptions) {
    this.#options = options;
    this.#output = join(options.folder, "output");
    this.#note = join(options.folder, "log-position");
    this.#position = this.#noted() ?? startAt(this.#end());
  }

  /**
   * Copies what there is and what comes, until the container has ended and all is copied. To be called
   * again when the stream broke; one at a time.
   * @throws Unavailable when the engine does not answer, or no more; what the disk says
   */
  async copy(signal: AbortSignal): Promise<void> {
    const { engine, container } = this.#options;
    await this.#noteDown(); // Before the first byte: nothing else tells where this log begins.
    const { second, known } = toAsk(this.#position);
    let toSkip = known;
    const frames = new LogFrames();
    for await (const chunk of await engine.log(container, second, signal)) {
      const young = frames.push(chunk).filter((entry) => entry.second >= second);
      const fresh = young.slice(toSkip);
      toSkip -= young.length - fresh.length;
      if (fresh.length > 0) await this.#append(fresh);
    }
    await this.#noteDown();
  }

  async #append(entries: readonly LogEntry[]): Promise<void> {
    const bytes = Buffer.concat(entries.map((entry) => entry.bytes));
    const written = Math.max(0, this.#end() - this.#position.offset);
    await appendFile(this.#output, bytes.subarray(written), { mode: 0o600 });
    this.#position = entries.reduce(after, this.#position);
    if (performance.now() - this.#notedAtMs >= noteEveryMs) await this.#noteDown();
  }

  #end(): number {
    return statSync(this.#output, { throwIfNoEntry: false })?.size ?? 0;
  }

  #noted(): LogPosition | undefined {
    try {
      const stored: unknown = JSON.parse(readFileSync(this.#note, "utf8"));
      const isOurs = isStored.Check(stored) && stored.container === this.#options.container;
      return isOurs ? stored : undefined;
    } catch {
      return undefined; // There is none yet.
    }
  }

  async #noteDown(): Promise<void> {
    this.#notedAtMs = performance.now();
    const stored = { ...this.#position, container: this.#options.container };
    await writeFile(`${this.#note}.new`, JSON.stringify(stored), { mode: 0o600 });
    await rename(`${this.#note}.new`, this.#note);
  }
}
