/**
 * Settles whether a task runs: a node claims it for the shim that it is about to hand it to, or finds
 * an intent without a claim, which a crash has left, and cancels it.
 */
import { Unavailable } from "../core/errors.ts";
import { isAlive, type ProcessIdentity } from "./process-identity.ts";
import type { RecordFolder } from "./record-folder.ts";
import type { TaskKey } from "./record-names.ts";
import type { ClaimedRun, RunRecord } from "./run-record.ts";

interface Waiting {
  readonly shim: ProcessIdentity;
  readonly resolve: (run: ClaimedRun) => void;
  readonly reject: (reason: Unavailable) => void;
}

export class Claims {
  readonly #records: RecordFolder;
  readonly #waiting = new Map<TaskKey, Waiting>();

  constructor(records: RecordFolder) {
    this.#records = records;
  }

  /**
   * Resolves when the payload of the shim that has been handed the task has told its pid.
   * @throws Unavailable when it cannot be begun, or the shim was killed before that
   */
  async wait(key: TaskKey, shim: ProcessIdentity): Promise<ClaimedRun> {
    try {
      return await new Promise((resolve, reject) => {
        this.#waiting.set(key, { shim, resolve, reject });
      });
    } finally {
      this.#waiting.delete(key);
    }
  }

  /** The run record of a task has changed. */
  check(key: TaskKey): void {
    const waiting = this.#waiting.get(key);
    if (waiting === undefined) return;
    const run = this.#records.readRun(key);
    if (run?.kind === "cancelled") waiting.reject(new Unavailable("Its shell could not begin it"));
    else if (run?.payloadPid !== undefined) waiting.resolve(run);
  }

  /** The same for all that are waited for, as no watch may have told, nor that a shim was killed. */
  checkAll(): void {
    for (const [key, { shim, reject }] of this.#waiting) {
      const alive = isAlive(shim, shim.bootId);
      this.check(key); // Its last words count, and may have been said since the last look.
      if (!alive) reject(new Unavailable("The shell that was to keep it was killed"));
    }
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
