/**
 * Settles who decides about a task: its shim, or a node that finds an intent and no shim. Both
 * create the same file with O_EXCL, so that exactly one of them wins, whenever anything crashes.
 */
import type { ChildProcess } from "node:child_process";
import { setTimeout } from "node:timers/promises";
import { Unavailable } from "../core/errors.ts";
import type { RecordFolder } from "./record-folder.ts";
import type { TaskKey } from "./record-names.ts";
import type { ClaimedRun, RunRecord } from "./run-record.ts";
import type { TaskTrees } from "./task-trees.ts";

/** Between two looks at a claim that is begun and not whole. */
const lookAgainMs = 2;

export class Claims {
  readonly #records: RecordFolder;
  readonly #trees: TaskTrees;
  readonly #waiting = new Map<TaskKey, (run: ClaimedRun) => void>();

  constructor(records: RecordFolder, trees: TaskTrees) {
    this.#records = records;
    this.#trees = trees;
  }

  /**
   * Resolves when the payload of a shim just spawned has told its pid.
   * @throws Unavailable when the shim ended before that; its spawn error when it never began.
   */
  wait(key: TaskKey, shim: ChildProcess): Promise<ClaimedRun> {
    return new Promise<ClaimedRun>((resolve, reject) => {
      this.#waiting.set(key, resolve);
      shim.once("error", reject);
      shim.once("exit", () => {
        this.check(key); // Its last words may be read before the watch tells of them.
        reject(new Unavailable("The shell that was to keep it ended at once"));
      });
    }).finally(() => this.#waiting.delete(key));
  }

  /** The run record of a task has changed. */
  check(key: TaskKey): void {
    const resolve = this.#waiting.get(key);
    if (resolve === undefined) return;
    const run = this.#records.readRun(key);
    if (run?.kind === "claimed" && run.payloadPid !== undefined) resolve(run);
  }

  /** The same for all that are waited for, where no watch tells. */
  checkAll(): void {
    for (const key of this.#waiting.keys()) this.check(key);
  }

  /**
   * The claim on a task that is in no start of ours: cancels it if there is none. A claim that is
   * begun is waited for as long as the shim, or anything else that bears the mark, lives.
   */
  async settle(key: TaskKey): Promise<RunRecord> {
    for (;;) {
      const run = this.#records.readRun(key);
      if (run !== undefined) return run;
      if (this.#records.cancel(key)) return { kind: "cancelled" };
      if (!(await this.#trees.anyMarked(key))) {
        return this.#records.readRun(key) ?? { kind: "cancelled" };
      }
      await setTimeout(lookAgainMs);
    }
  }
}
