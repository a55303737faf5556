/**
 * A write-ahead log in front of something that commits (docs/design/0009-store.md): a commit is one batch
 * appended to a file, and is kept in memory, until all of that goes below in one commit. Where the log
 * cannot take a batch, since it is full, was found at the start or the disk refused it, the batch goes below
 * together with all that was logged: then the log is empty again. So it is a while after the last commit.
 */
import { randomBytes } from "node:crypto";
import type { Env, TimerHandle } from "../core/env.ts";
import { CorruptRecord } from "../core/errors.ts";
import type { Committing, Writes } from "./batched.ts";
import { encodeBatch, type LogFound, type Mark, readLog, wholeGeneration } from "./log-batches.ts";
import type { LogFile } from "./log-file.ts";

export interface LoggedOptions {
  readonly file: LogFile;
  readonly env: Pick<Env, "timers" | "log">;
  /** Of the file, and so of what is kept in memory; default 4 MiB. More: rarer and longer commits below. */
  readonly logBytesMax?: number;
  /** From the last commit until what was logged goes below; default 5,000. An idle node keeps nothing in memory. */
  readonly idleMs?: number;
}

/** Among the entries below. A version without a log keeps it, and knows nothing of it. */
export const markKey = "n/log";

export class Logged implements Committing {
  readonly #below: Committing;
  readonly #logBytesMax: number;
  readonly #idleMs: number;
  readonly #file: LogFile;
  readonly #env: LoggedOptions["env"];
  readonly #database: string;
  /** Of the log as it is now. */
  #generation: number;
  /** Logged, and not below. */
  readonly #logged: Map<string, Uint8Array | undefined>;
  /** Where the next batch goes, in bytes, and its number; undefined: nowhere in this generation. */
  #end: { readonly at: number; readonly number: number } | undefined;
  #settling: Promise<void> = Promise.resolve();
  #timer: TimerHandle | undefined;
  /** What failed when it was tried last: told once. */
  readonly #failing = new Set<"log" | "below">();

  /** Reads what is logged and not below. @throws CorruptRecord when that cannot be, or is not of `below` */
  constructor(below: Committing, options: LoggedOptions) {
    this.#below = below;
    this.#logBytesMax = options.logBytesMax ?? 4 * 1024 * 1024;
    this.#idleMs = options.idleMs ?? 5_000;
    this.#file = options.file;
    this.#env = options.env;
    const mark = markOf(below);
    const found = findLogged(options.file, mark);
    this.#database = mark?.database ?? randomBytes(16).toString("hex");
    this.#generation = found.generation;
    this.#logged = new Map(found.writes);
    // What was found may have been read from where it is not durable: nothing is written behind it.
    const isEmpty = mark !== undefined && found.writes.size === 0;
    this.#end = isEmpty ? { at: 0, number: 1 } : undefined;
    this.#settleWhenIdle();
  }

  get(key: string): Uint8Array | undefined {
    return this.#logged.has(key) ? this.#logged.get(key) : this.#below.get(key);
  }

  *entries(prefix: string): Iterable<readonly [string, Uint8Array]> {
    for (const entry of this.#below.entries(prefix)) {
      if (!this.#logged.has(entry[0]) && entry[0] !== markKey) yield entry;
    }
    for (const [key, value] of this.#logged) {
      if (value !== undefined && key.startsWith(prefix)) yield [key, value];
    }
  }

  async commit(writes: Writes): Promise<void> {
    await this.#settling;
    this.#stopTimer();
    try {
      if (!(await this.#append(writes))) await this.#settle(writes);
    } finally {
      this.#settleWhenIdle();
    }
  }

  async close(): Promise<void> {
    await this.#settling;
    this.#stopTimer();
    if (this.#logged.size > 0) await this.#trySettle();
    this.#file.close();
    await this.#below.close();
  }

  /** False when the log does not have it, and never will. */
  async #append(writes: Writes): Promise<boolean> {
    const end = this.#end;
    if (end === undefined) return false;
    const batch = encodeBatch(this.#id(end.number), writes);
    if (end.at + batch.length > this.#logBytesMax) return false;
    try {
      await this.#file.write(batch, end.at);
    } catch (error) {
      this.#end = undefined;
      this.#file.spoil(end.at);
      this.#tell("log", "the log of writes cannot be written: the database takes them", error);
      return false;
    }
    this.#end = { at: end.at + batch.length, number: end.number + 1 };
    this.#failing.delete("log");
    for (const [key, value] of writes) this.#logged.set(key, value);
    return true;
  }

  /**
   * Puts all that was logged, and `writes`, below. Where it fails and is there all the same, what the log
   * takes afterwards still counts: the mark tells which batch was the last. @throws Unavailable
   */
  async #settle(writes: Writes): Promise<void> {
    const last = this.#end === undefined ? wholeGeneration : this.#end.number - 1;
    const mark = Buffer.from(JSON.stringify(this.#id(last)));
    await this.#below.commit(new Map([...this.#logged, ...writes, [markKey, mark]]));
    this.#failing.delete("below");
    this.#logged.clear();
    this.#generation += 1;
    this.#end = { at: 0, number: 1 };
  }

  #settleWhenIdle(): void {
    if (this.#logged.size === 0) return;
    this.#timer = this.#env.timers.set(this.#idleMs, () => {
      this.#settling = this.#trySettle().then(() => this.#settleWhenIdle());
    });
  }

  #stopTimer(): void {
    if (this.#timer !== undefined) this.#env.timers.cancel(this.#timer);
    this.#timer = undefined;
  }

  async #trySettle(): Promise<void> {
    try {
      await this.#settle(new Map());
    } catch (error) {
      this.#tell(
        "below",
        "what was logged cannot be moved to the database: the log keeps it",
        error,
      );
    }
  }

  #tell(what: "log" | "below", message: string, error: unknown): void {
    if (!this.#failing.has(what)) this.#env.log.warn(message, { path: this.#file.path, error });
    this.#failing.add(what);
  }

  #id(number: number): Mark {
    return { database: this.#database, generation: this.#generation, number };
  }
}

/** What `below` has of what was logged. @throws CorruptRecord when that cannot be read */
export function markOf(below: Pick<Committing, "get">): Mark | undefined {
  const kept = below.get(markKey);
  if (kept === undefined) return undefined;
  const mark: unknown = JSON.parse(Buffer.from(kept).toString());
  if (typeof mark === "object" && mark !== null) {
    const { database, generation, number }: { [Name in keyof Mark]?: unknown } = mark;
    const isWhole = typeof generation === "number" && typeof number === "number";
    if (isWhole && typeof database === "string") return { database, generation, number };
  }
  throw new CorruptRecord("what the database notes of its log cannot be read");
}

/** What counts of what is in the file. @throws CorruptRecord; Error of the system's */
export function findLogged(file: LogFile, mark: Mark | undefined): Sound {
  const found = readLog(file.read(), mark);
  switch (found.kind) {
    case "sound":
      return found;
    case "damaged":
      throw new CorruptRecord(
        `${file.path} is damaged at byte ${found.at}, before writes that were acknowledged`,
      );
    case "foreign":
      throw new CorruptRecord(
        `${file.path} is not of the database next to it, or of a later state of that`,
      );
  }
}

type Sound = LogFound & { readonly kind: "sound" };
