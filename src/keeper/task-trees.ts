/**
 * The process trees of a keeper's tasks: what marks them, where their cgroups are, and whether
 * their shims live.
 */

import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { type CgroupBases, findBases, noCgroups } from "./cgroup-bases.ts";
import type { LostStatus } from "./exit.ts";
import { isAlive, readBootId, sendSignal } from "./process-identity.ts";
import { ProcessScan } from "./process-scan.ts";
import { ProcessTree } from "./process-tree.ts";
import type { TaskKey } from "./record-names.ts";
import type { ClaimedRun, RunRecord } from "./run-record.ts";
import { TaskLimits } from "./task-limits.ts";

export class TaskTrees {
  readonly bootId = readBootId();
  readonly #keeperId: string;
  readonly #bases: CgroupBases;
  readonly limits: TaskLimits;
  readonly #limitGroupsOf: (key: TaskKey) => readonly string[];
  readonly #scan = new ProcessScan();
  readonly #trees = new Map<TaskKey, ProcessTree>();

  /**
   * @param keeperId tells this keeper's tasks from those of others on the machine
   * @param limitGroupsOf what was noted of a task
   */
  constructor(
    keeperId: string,
    wantCgroups: boolean,
    limitGroupsOf: (key: TaskKey) => readonly string[],
  ) {
    this.#keeperId = keeperId;
    this.#limitGroupsOf = limitGroupsOf;
    this.#bases = wantCgroups ? findBases(`mob-${keeperId}`) : noCgroups;
    this.limits = new TaskLimits(this.#bases);
  }

  /** Whether new tasks get a cgroup. */
  get cgroups(): boolean {
    return this.#bases.unified !== undefined;
  }

  /** Why new tasks can have no limits; undefined: they can. */
  get whyNoLimits(): string | undefined {
    return this.#bases.whyNoLimits;
  }

  /** What every process of a task bears in its environment, but for a shim that was ready before. */
  markOf(key: TaskKey): string {
    return `${this.#keeperId}/${key}`;
  }

  /** Where the cgroup of a new task belongs; undefined where there are none. */
  cgroupFor(key: TaskKey): string | undefined {
    const { unified } = this.#bases;
    return unified === undefined ? undefined : join(unified, key);
  }

  /** The tree of a task: the same one until `drop`, since it remembers what it has seen. */
  get(key: TaskKey, run: RunRecord): ProcessTree {
    const known = this.#trees.get(key);
    if (known !== undefined) return known;
    const tree = new ProcessTree({
      mark: this.markOf(key),
      cgroup: run.kind === "claimed" ? run.cgroup : this.cgroupFor(key),
      limitGroups: this.#limitGroupsOf(key),
      shimPid: () => (run.kind === "claimed" && this.shimAlive(run) ? run.shim.pid : undefined),
      scan: this.#scan,
    });
    this.#trees.set(key, tree);
    return tree;
  }

  drop(key: TaskKey): void {
    this.#trees.delete(key);
  }

  /** True while the very process that claimed the task lives. */
  shimAlive(run: ClaimedRun): boolean {
    return isAlive(run.shim, this.bootId);
  }

  /** Why a task whose shim is dead has no exit. */
  lostStatus({ shim, payloadPid }: ClaimedRun): LostStatus {
    if (shim.bootId !== this.bootId) return "rebooted";
    return payloadPid === undefined ? "cancelled" : "lost";
  }

  /** From now on it starts nothing, and what it has started is still found by its descent. */
  freezeShim(run: ClaimedRun): void {
    if (this.shimAlive(run)) sendSignal(run.shim.pid, "SIGSTOP");
  }

  /** SIGKILL; resolves when it is dead and can record nothing more. */
  async killShim(run: ClaimedRun): Promise<void> {
    while (this.shimAlive(run)) {
      sendSignal(run.shim.pid, "SIGKILL");
      await setTimeout(1);
    }
  }
}
