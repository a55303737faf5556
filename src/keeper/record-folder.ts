/**
 * Watches the one folder in which shims leave their records, for all tasks at once. The watch makes
 * it fast; a listing now and then makes it sure, since a kernel's queue of events may overflow.
 */
import { type FSWatcher, readdirSync, rmSync, statSync, watch, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import type { InstanceId } from "../core/ids.ts";
import type { Log } from "../core/log.ts";
import { type LostStatus, lostExit, parseExitStatus, type RecordedExit } from "./exit.ts";
import type { ProcessIdentity } from "./process-identity.ts";
import { parseRecordName, type RecordName, type TaskKey } from "./record-names.ts";
import { cancelledText, claimText, parseRunRecord, type RunRecord } from "./run-record.ts";
import { readSmallText } from "./small-file.ts";

/** What the folder tells as it happens. Each may be told more than once. */
export interface RecordEvents {
  /** The run record of a task appeared or grew. */
  run(key: TaskKey): void;
  exit(key: TaskKey): void;
}

export class RecordFolder {
  readonly path: string;
  readonly #log: Log;
  readonly #exits = new Map<TaskKey, RecordedExit>();
  #events: RecordEvents | undefined;
  #watcher: FSWatcher | undefined;
  /** The next listing, not begun yet. */
  #listing: Promise<ReadonlyMap<InstanceId, readonly RecordName[]>> | undefined;

  /** `path` must exist. */
  constructor(path: string, log: Log) {
    this.path = path;
    this.#log = log;
  }

  /** Tells `events` from now on. Where no inotify is to be had, only `refresh` does. */
  watch(events: RecordEvents): void {
    this.#events = events;
    this.#watcher = this.#startWatch();
    this.refresh();
  }

  /** Whether exits are seen as they happen. */
  get watching(): boolean {
    return this.#watcher !== undefined;
  }

  /** Path of a task's records, less their kind. */
  prefix(key: TaskKey): string {
    return join(this.path, key);
  }

  /** The exit of a task, if it has been seen: `refresh` to be sure. */
  exitOf(key: TaskKey): RecordedExit | undefined {
    return this.#exits.get(key);
  }

  /** Lists the folder, tells of every exit not seen before, and returns the records found. */
  refresh(): readonly RecordName[] {
    const records = readdirSync(this.path).flatMap((name) => parseRecordName(name) ?? []);
    for (const record of records) this.#noteExit(record);
    return records;
  }

  /** The records of one instance, as `refresh` finds them: all who ask in one turn share a listing. */
  async recordsOf(instance: InstanceId): Promise<readonly RecordName[]> {
    this.#listing ??= this.#listNext();
    return (await this.#listing).get(instance) ?? [];
  }

  async #listNext(): Promise<ReadonlyMap<InstanceId, readonly RecordName[]>> {
    await setImmediate();
    this.#listing = undefined;
    const byInstance = new Map<InstanceId, RecordName[]>();
    for (const record of this.refresh()) {
      const records = byInstance.get(record.instance);
      if (records === undefined) byInstance.set(record.instance, [record]);
      else records.push(record);
    }
    return byInstance;
  }

  /** The claim on a task: undefined while there is none, or it is not whole yet. */
  readRun(key: TaskKey): RunRecord | undefined {
    const text = readSmallText(`${this.prefix(key)}.run`);
    return text === undefined ? undefined : parseRunRecord(text);
  }

  /** Claims a task for the shim that is handed it next. */
  claim(key: TaskKey, shim: ProcessIdentity, cgroup: string | undefined): void {
    writeFileSync(`${this.prefix(key)}.run`, claimText(shim, cgroup), { mode: 0o600 });
  }

  /** Claims a task so that it never runs. */
  cancel(key: TaskKey): void {
    writeFileSync(`${this.prefix(key)}.run`, cancelledText, { mode: 0o600 });
  }

  /** Notes the groups that limit a task, which are to go with it. */
  writeLimits(key: TaskKey, groups: readonly string[]): void {
    writeFileSync(`${this.prefix(key)}.limits`, groups.join("\n"), { mode: 0o600 });
  }

  readLimits(key: TaskKey): readonly string[] {
    const text = readSmallText(`${this.prefix(key)}.limits`) ?? "";
    return text === "" ? [] : text.split("\n");
  }

  /** When the task was started, wall clock in ms: when its intent was written. 0 if not known. */
  startedAt(key: TaskKey): number {
    return this.#writtenAt(`${key}.script`) ?? 0;
  }

  /** Tells the shim that what the payload leaves behind is being stopped with a grace. */
  markStopping(key: TaskKey): void {
    writeFileSync(`${this.prefix(key)}.stop`, "");
  }

  /** Records an end in place of a shim that is dead. What that shim did record counts more. */
  recordLost(key: TaskKey, status: LostStatus): RecordedExit {
    this.refresh();
    const lost = this.#exits.get(key) ?? { exit: lostExit(status), atMs: Date.now() };
    if (this.#exits.has(key)) return lost;
    this.#exits.set(key, lost);
    writeFileSync(`${this.prefix(key)}.exit.${status}`, "");
    return lost;
  }

  /**
   * Removes records; what is not there is no error. Scripts go last: after a crash in the midst of it
   * what is left is an intent, which never runs and is found.
   */
  remove(records: readonly RecordName[]): void {
    const isScript = ({ kind }: RecordName) => kind === "script";
    const rest = records.filter((record) => !isScript(record));
    for (const { key, kind, status } of [...rest, ...records.filter(isScript)]) {
      rmSync(`${this.prefix(key)}.${kind}${kind === "exit" ? `.${status}` : ""}`, { force: true });
      this.#exits.delete(key);
    }
  }

  close(): void {
    this.#watcher?.close();
  }

  #startWatch(): FSWatcher | undefined {
    try {
      const watcher = watch(this.path, { persistent: false }, (_event, name) => {
        const record = name === null ? undefined : parseRecordName(name);
        if (record?.kind === "run") this.#events?.run(record.key);
        if (record?.kind === "exit") this.#noteExit(record);
      });
      return watcher.on("error", (error) =>
        this.#log.warn("The watch on task records failed", { error }),
      );
    } catch (error) {
      this.#log.warn("Task records cannot be watched; they are listed instead", { error });
      return undefined;
    }
  }

  #noteExit(record: RecordName): void {
    if (record.kind !== "exit" || this.#exits.has(record.key)) return;
    const exit = parseExitStatus(record.status);
    const atMs = this.#writtenAt(`${record.key}.exit.${record.status}`);
    if (exit === undefined || atMs === undefined) return;
    this.#exits.set(record.key, { exit, atMs });
    this.#events?.exit(record.key);
  }

  #writtenAt(name: string): number | undefined {
    try {
      return statSync(join(this.path, name)).mtimeMs;
    } catch {
      return undefined; // Removed since it was listed.
    }
  }
}
