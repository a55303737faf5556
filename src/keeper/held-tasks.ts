/**
 * The tasks that a keeper holds while they run. The end of each is learnt by the record that its shim
 * makes, or by a look, now and then, that finds the shim dead.
 */
import { Unavailable } from "../core/errors.ts";
import type { InstanceId } from "../core/ids.ts";
import type { Log } from "../core/log.ts";
import type { Claims } from "./claims.ts";
import type { Encloser } from "./encloser.ts";
import { lostExit } from "./exit.ts";
import { type KeptGone, KeptTask } from "./kept-task.ts";
import type { RecordFolder } from "./record-folder.ts";
import { type TaskKey, taskKey } from "./record-names.ts";
import type { ClaimedRun } from "./run-record.ts";
import type { ShimSweep } from "./shim-sweep.ts";
import type { TaskTrees } from "./task-trees.ts";

export interface HeldTasksOptions {
  readonly records: RecordFolder;
  readonly claims: Claims;
  readonly trees: TaskTrees;
  readonly encloser: Encloser;
  readonly log: Log;
}

export class HeldTasks {
  readonly #options: HeldTasksOptions;
  readonly #tasks = new Map<TaskKey, KeptTask>();

  constructor(options: HeldTasksOptions) {
    this.#options = options;
  }

  has(key: TaskKey): boolean {
    return this.#tasks.has(key);
  }

  /** A task that runs. @throws Unavailable when it does not */
  running(instance: InstanceId, attempt: number): KeptTask {
    const task = this.#tasks.get(taskKey(instance, attempt));
    if (task === undefined) throw notRunning(instance);
    return task;
  }

  /** Takes a task over that is in no start. One that is held already is returned again. */
  async adopt(instance: InstanceId, key: TaskKey): Promise<KeptTask | KeptGone> {
    const held = this.#tasks.get(key);
    if (held !== undefined) {
      held.pausing?.see(held.tree.isPaused === true);
      return held;
    }
    const { records, claims, trees } = this.#options;
    const run = claims.settle(key);
    if (run.kind === "cancelled") {
      return { gone: true, exit: lostExit("cancelled"), atMs: records.startedAt(key) };
    }
    const tree = trees.get(key, run);
    if (records.exitOf(key) === undefined && !trees.shimAlive(run)) {
      await tree.kill();
      records.recordLost(key, trees.lostStatus(run));
    }
    const recorded = records.exitOf(key);
    if (recorded === undefined) return this.#hold(instance, key, run);
    const end = tree.whyEnded(recorded);
    await tree.kill();
    trees.drop(key);
    return { gone: true, ...end };
  }

  /** Kills all of a task, held or not, and its shim too: nothing will ask for its exit. */
  async kill(key: TaskKey): Promise<void> {
    const { claims, trees } = this.#options;
    const run = claims.settle(key);
    // The one that is being brought into its cgroup, too: once it is killed that is not made again.
    const tree = trees.get(key, run);
    this.#tasks.get(key)?.release();
    if (run.kind === "claimed") trees.freezeShim(run);
    await tree.kill();
    if (run.kind === "claimed") await trees.killShim(run);
    trees.drop(key);
  }

  /** The exit of a task was recorded. Returns the task, if it is held. */
  noteExit(key: TaskKey): KeptTask | undefined {
    const end = this.#options.records.exitOf(key);
    const task = this.#tasks.get(key);
    if (end === undefined || task === undefined) return undefined;
    task.noteExit(end).catch(this.#logFailure);
    return task;
  }

  /** Ends the tasks whose shims are dead, as far as this look of the sweep tells. */
  endLost(sweep: ShimSweep): void {
    for (const [key, task] of this.#tasks) {
      if (sweep.isLost(task.run.shim)) this.#noteShimEnd(key, task);
    }
  }

  /** Lets go of all, and touches none. */
  release(): void {
    for (const task of this.#tasks.values()) task.release();
  }

  /** Until it has settled or is let go. */
  #hold(instance: InstanceId, key: TaskKey, run: ClaimedRun): KeptTask {
    const { records, trees, encloser } = this.#options;
    const tree = trees.get(key, run);
    const task = new KeptTask({
      instance,
      key,
      run,
      startedAt: records.startedAt(key),
      tree,
      records,
      onLetGo: () => {
        this.#tasks.delete(key);
        trees.drop(key);
        encloser.drop(tree);
      },
    });
    this.#tasks.set(key, task);
    if (run.payloadPid !== undefined) encloser.add(tree, run.payloadPid);
    return task;
  }

  /** If its shim recorded an exit, that is seen now at the latest. */
  #noteShimEnd(key: TaskKey, task: KeptTask): void {
    const { records } = this.#options;
    if (records.exitOf(key) !== undefined) return;
    records.refresh();
    if (records.exitOf(key) === undefined) task.noteLost("lost").catch(this.#logFailure);
  }

  readonly #logFailure = (error: unknown): void => {
    this.#options.log.error("What is left of a task could not be killed", { error });
  };
}

/** Of a task that a call is about, and that has ended or never ran. */
export function notRunning(instance: InstanceId): Unavailable {
  return new Unavailable(`the task of instance ${instance} does not run`);
}
