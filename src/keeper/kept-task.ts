/**
 * A task as the node holds it while it runs: it settles once the shim has recorded the end and
 * nothing of the tree lives, so that a restart never runs two trees.
 */

import { Unavailable } from "../core/errors.ts";
import type { InstanceId } from "../core/ids.ts";
import type { Resources } from "../core/resources.ts";
import type { Exit, LostStatus, RecordedExit } from "./exit.ts";
import { ToldPausing } from "./pausing.ts";
import type { ProcessTree } from "./process-tree.ts";
import type { RecordFolder } from "./record-folder.ts";
import type { TaskKey } from "./record-names.ts";
import type { ClaimedRun, RunRecord } from "./run-record.ts";
import type { VolumeLink } from "./volume-links.ts";

export interface StopOptions {
  /** Sent first, to the whole tree; default SIGTERM. */
  readonly signal: string;
  /** Time until SIGKILL of what is left. */
  readonly graceMs: number;
}

/** Finds a process task again, and is shown to users: the pid of what the shim runs. */
export type PidHandle = { readonly pid?: number };

/** Without a pid where nothing runs, or nothing has begun to. */
export function handleOf(run: RunRecord): PidHandle {
  const pid = run.kind === "claimed" ? run.payloadPid : undefined;
  return pid === undefined ? {} : { pid };
}

/** What to run. */
export interface KeptCommand {
  /** Absolute path of the program, then its arguments. */
  readonly command: readonly string[];
  /** Kept in a file of mode 0600, never on a command line, whose path is the program's last argument. */
  readonly script?: string;
  /** Added to what the keeper's tasks inherit. */
  readonly env: Readonly<Record<string, string>>;
  /** Absolute; default the instance's own work folder. */
  readonly cwd?: string;
  /** Most that it gets of the machine; default: no limits. */
  readonly limits?: Resources | undefined;
  /** Made for the instance before it runs; default: none. */
  readonly links?: readonly VolumeLink[];
  /** Gets the work folder and the output; default whom the node runs as. */
  readonly owner?: Owner;
}

/** A user and its group, by the numbers that the kernel has for them. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** A task found in the keeper's folder. */
export interface KeptFound {
  readonly instance: InstanceId;
  readonly attempt: number;
  readonly handle: PidHandle;
}

/** A task that ended while no one looked. */
export interface KeptGone extends RecordedExit {
  readonly gone: true;
}

export interface KeptTaskOptions {
  readonly instance: InstanceId;
  readonly key: TaskKey;
  readonly run: ClaimedRun;
  readonly startedAt: number;
  readonly tree: ProcessTree;
  readonly records: RecordFolder;
  /** Called when the task has settled or was let go. */
  readonly onLetGo: () => void;
}

export class KeptTask {
  readonly instance: InstanceId;
  readonly run: ClaimedRun;
  readonly handle: PidHandle;
  readonly startedAt: number;
  readonly exited: Promise<{ readonly exit: Exit; readonly atMs: number }>;
  /** Undefined where it has no cgroup. */
  readonly pausing: ToldPausing | undefined;
  readonly #options: KeptTaskOptions;
  #settle: (end: RecordedExit) => void = () => {};
  #ending = false;
  #stopping: Promise<void> | undefined;

  constructor(options: KeptTaskOptions) {
    this.#options = options;
    this.instance = options.instance;
    this.run = options.run;
    this.handle = handleOf(options.run);
    this.startedAt = options.startedAt;
    const { isPaused } = options.tree;
    const bring = (isWanted: boolean) => this.#setPaused(isWanted);
    this.pausing = isPaused === undefined ? undefined : new ToldPausing(isPaused, bring);
    this.exited = new Promise((settle) => {
      this.#settle = settle;
    });
  }

  /** Signal, grace, SIGKILL, to the whole tree; resolves when nothing of it is left. Idempotent. */
  stop(options: StopOptions): Promise<void> {
    this.#stopping ??= this.#stop(options);
    return this.#stopping.then(() => this.exited).then(() => this.#options.tree.shimEnded());
  }

  /** All of its processes. */
  get tree(): ProcessTree {
    return this.#options.tree;
  }

  /** Lets go of the task without touching it: `exited` never settles then. */
  release(): void {
    this.#ending = true;
    this.#options.onLetGo();
  }

  /** The shim has recorded the end of what it ran. What that left behind goes now. */
  async noteExit(end: RecordedExit): Promise<void> {
    if (this.#ending) return;
    this.#ending = true;
    await this.#end(end);
  }

  /** The shim died without a record: kills what it kept. */
  async noteLost(status: LostStatus): Promise<void> {
    if (this.#ending) return;
    this.#ending = true;
    await this.#options.tree.kill();
    await this.#end(this.#options.records.recordLost(this.#options.key, status));
  }

  async #setPaused(isWanted: boolean): Promise<void> {
    const { tree } = this.#options;
    await tree.enclose(); // What was started or taken over just now may not be.
    if (this.#ending || this.#stopping !== undefined) throw new Unavailable("it is being ended");
    await tree.setPaused(isWanted);
  }

  async #stop({ signal, graceMs }: StopOptions): Promise<void> {
    const { key, tree, records } = this.#options;
    if (this.#ending) return;
    records.markStopping(key);
    await tree.signal(signal);
    tree.wake(); // What is paused takes its signal as the first thing.
    await tree.endsWithin(graceMs);
    await tree.kill();
  }

  async #end(end: RecordedExit): Promise<void> {
    await this.#stopping;
    const told = this.#options.tree.whyEnded(end);
    await this.#options.tree.kill();
    this.#options.onLetGo();
    this.#settle(told);
  }
}
