/**
 * Archives the outputs that somebody has open, all by one timer. As long as little is written to their
 * disk one question of how much room it has left stands for a look at each of them, so that two hundred
 * quiet tasks cost next to nothing.
 */
import type { Log } from "../core/log.ts";
import type { LogLimits, Output } from "./output.ts";
import { OutputFile } from "./output-file.ts";
import { watchOutput } from "./output-watch.ts";
import { bytesLeftAt, RoomLeft } from "./room-left.ts";

/** Between two looks at quiet outputs. What a task writes meanwhile is over the bound. */
const lookEveryMs = 1_000;
/** The same while there was something to archive at the last look. */
const lookBusyEveryMs = 50;

interface OpenOutput {
  readonly file: OutputFile;
  limits: LogLimits;
  users: number;
  /** Whether the last try to archive failed: told once, not each second. */
  failing: boolean;
}

export class Archiver {
  readonly #log: Log;
  /** By the instance's folder. A promise, so that two who open at once share one. */
  readonly #open = new Map<string, Promise<OpenOutput>>();
  readonly #files = new Set<OpenOutput>();
  readonly #room: RoomLeft;
  #timer: NodeJS.Timeout | undefined;

  /** @param folder that all instances' folders are in */
  constructor(folder: string, log: Log) {
    this.#room = new RoomLeft(() => bytesLeftAt(folder));
    this.#log = log;
  }

  /** Opens an instance's output; whoever opened last sets its limits. */
  async open(instanceFolder: string, limits: LogLimits): Promise<Output> {
    const opening = this.#open.get(instanceFolder) ?? this.#add(instanceFolder, limits);
    const shared = await opening;
    shared.limits = limits;
    shared.users++;
    const watches = new Set<() => void>();
    let closed = false;
    return {
      read: (cursor, bytesMax) => shared.file.read(cursor, bytesMax),
      tail: (lines) => shared.file.tail(lines),
      watch: (changed) => {
        const stop = watchOutput(shared.file.path, changed);
        watches.add(stop);
        return stop;
      },
      close: async () => {
        if (closed) return;
        closed = true;
        for (const stop of watches) stop();
        if (--shared.users === 0) await this.discard(instanceFolder);
      },
    };
  }

  /** Archives what is due of one output now, say since its task has ended. */
  async look(instanceFolder: string): Promise<void> {
    const shared = await this.#open.get(instanceFolder);
    if (shared !== undefined) await this.#archive(shared);
  }

  /** Lets go of an output whoever uses it; resolves when nothing is being archived. */
  async discard(instanceFolder: string): Promise<void> {
    const shared = await this.#open.get(instanceFolder);
    if (shared === undefined) return;
    this.#open.delete(instanceFolder);
    this.#files.delete(shared);
    if (this.#files.size === 0) this.#stopTimer();
    await shared.file.close();
  }

  async close(): Promise<void> {
    for (const folder of [...this.#open.keys()]) await this.discard(folder);
    this.#stopTimer();
  }

  #add(instanceFolder: string, limits: LogLimits): Promise<OpenOutput> {
    const opening = OutputFile.open(instanceFolder).then((file) => {
      const shared = { file, limits, users: 0, failing: false };
      this.#files.add(shared);
      if (this.#timer === undefined) this.#lookIn(lookEveryMs);
      return shared;
    });
    this.#open.set(instanceFolder, opening);
    return opening;
  }

  #lookIn(ms: number): void {
    this.#timer = setTimeout(() => void this.#lookAtAll(), ms).unref();
  }

  async #lookAtAll(): Promise<void> {
    const due = this.#room.isMuchTaken() ? [...this.#files].filter(isDue) : [];
    const archived = await Promise.all(due.map((shared) => this.#archive(shared)));
    if (this.#timer === undefined) return;
    const isBusy = archived.includes(true);
    if (isBusy) this.#room.forget(); // What was freed just now hides what is written meanwhile.
    this.#lookIn(isBusy ? lookBusyEveryMs : lookEveryMs);
  }

  /** Whether it went well. */
  async #archive(shared: OpenOutput): Promise<boolean> {
    try {
      await shared.file.archive(shared.limits);
      shared.failing = false;
      return true;
    } catch (error) {
      const { path } = shared.file;
      const removed = !this.#files.has(shared);
      if (!removed && !shared.failing) this.#log.warn("Output is not archived", { path, error });
      shared.failing = true;
      return false;
    }
  }

  #stopTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}

/** An output that cannot be looked at counts as due: whoever archives it tells why. */
function isDue({ file, limits }: OpenOutput): boolean {
  try {
    return file.isDue(limits);
  } catch {
    return true;
  }
}
