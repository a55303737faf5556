/**
 * Settles whether a task runs: a node claims it for the shim that it is about to hand it to, or finds
 * an intent without a claim, which a crash has left, and cancels it.
 */
import type { ChildProcess } from "node:child_process";
import { Unavailable } from "../core/errors.ts";
import type { RecordFolder } from "./record-folder.ts";
import type { TaskKey } from "./record-names.ts";
import type { ClaimedRun, RunRecord } from "./run-record.ts";

export class Claims {
  readonly #records: RecordFolder;
  readonly #waiting = new Map<TaskKey, (run: ClaimedRun) => void>();

  constructor(records: RecordFolder) {
    this.#records = records;
  }

  /**
   * Resolves when the payload of the shim that has been handed the task has told its pid.
   * @throws Unavailable when the shim ended before that
   */
  async wait(key: TaskKey, shim: ChildProcess): Promise<ClaimedRun> {
    let ended = () => {};
    try {
      return await new Promise<ClaimedRun>((resolve, reject) => {
        ended = () => {
          this.check(key); // Its last words may be read before the watch tells of them.
          reject(new Unavailable("The shell that was to keep it ended at once"));
        };
        this.#waiting.set(key, resolve);
        if (shim.exitCode === null && shim.signalCode === null) shim.once("exit", ended);
        else ended();
      });
    } finally {
      this.#waiting.delete(key);
      shim.off("exit", ended);
    }
  }

  /** The run record of a task has changed. */
  check(key: TaskKey): void {
    const resolve = this.#waiting.get(key);
    if (resolve === undefined) return;
    const run = this.#records.readRun(key);
    if (run?.kind === "claimed" && run.payloadPid !== undefined) resolve(run);
  }

  /** The same for all that are waited for, as no watch may have told. */
  checkAll(): void {
    for (const key of this.#waiting.keys()) this.check(key);
  }

  /**
   * The claim on a task that is in no start of ours; cancels it where there is none. A claim that is
   * not whole counts as none: what it was for is handed over only after it was written.
   */
  settle(key: TaskKey): RunRecord {
    const run = this.#records.readRun(key);
    if (run === undefined) this.#records.cancel(key);
    return run ?? { kind: "cancelled" };
  }
}
