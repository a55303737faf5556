/**
 * All processes of one task. Its cgroup knows them, once they are in it; until then, and where
 * there are no cgroups, the mark in their environment and their descent from the shim tell.
 */
import { setTimeout } from "node:timers/promises";
import { messageOf, Unavailable } from "../core/errors.ts";
import {
  cgroupMembers,
  isPopulated,
  killCgroup,
  makeCgroup,
  moveIntoCgroup,
  removeCgroup,
} from "./cgroup.ts";
import type { RecordedExit } from "./exit.ts";
import { isFrozen, setFrozen, thaw } from "./freezer.ts";
import { readStat, sendSignal } from "./process-identity.ts";
import type { ProcessScan } from "./process-scan.ts";
import { ranOutOfMemory } from "./task-limits.ts";
import { type TreeUsage, usageOf } from "./tree-usage.ts";

export interface ProcessTreeOptions {
  /** What its processes bear in `markVariable`. */
  readonly mark: string;
  /** The group meant for it; undefined where there are none. */
  readonly cgroup: string | undefined;
  /** Groups that limit it, besides that one. */
  readonly limitGroups: readonly string[];
  /** The pid of the shim, while that very process lives. */
  readonly shimPid: () => number | undefined;
  readonly scan: ProcessScan;
}

/** A process that a look has found. */
interface Seen {
  readonly pid: number;
  readonly startTicks: number;
}

/** Waits between two looks at what is dying: short at first, since a kill takes well under 1 ms. */
const lookAgainMsMin = 1;
const lookAgainMsMax = 50;

export class ProcessTree {
  readonly #options: ProcessTreeOptions;
  /** True once every process of the tree was found in the cgroup, twice: none can leave it. */
  #enclosed = false;
  /** The last look found none outside of the cgroup. */
  #wasInside = false;
  /** True once nothing of it lives any more. */
  #killed = false;
  /** What the last look found. */
  #seen: readonly Seen[] = [];

  constructor(options: ProcessTreeOptions) {
    this.#options = options;
  }

  /** Moves one process into the cgroup, where one is meant; its later children are born there. */
  async move(pid: number): Promise<void> {
    const { cgroup } = this.#options;
    if (cgroup === undefined || this.#killed) return;
    makeCgroup(cgroup);
    await moveIntoCgroup(cgroup, pid);
  }

  /** The cgroups, made if need be, for a process that becomes a part of the tree. */
  enter(): readonly string[] {
    const { cgroup, limitGroups } = this.#options;
    if (cgroup === undefined) return limitGroups;
    if (!this.#killed) makeCgroup(cgroup);
    return [cgroup, ...limitGroups];
  }

  /** The end, with the reason where the kernel gave one: to be asked before `kill`, which takes it away. */
  whyEnded(end: RecordedExit): RecordedExit {
    const { exit } = end;
    const { cgroup, limitGroups } = this.#options;
    if (exit.kind !== "signaled" || exit.signal !== "SIGKILL") return end;
    const groups = cgroup === undefined ? limitGroups : [cgroup, ...limitGroups];
    return groups.some(ranOutOfMemory)
      ? { ...end, exit: { ...exit, reason: "out of memory" } }
      : end;
  }

  /** A process that had entered has ended: it may have held up the end of the cgroup. */
  left(): void {
    if (this.#killed) this.#removeGroups();
  }

  /** Nothing can leave the cgroup any more, and no one has to look for strays again. */
  get isEnclosed(): boolean {
    return this.#enclosed || this.#options.cgroup === undefined;
  }

  /**
   * The processes that are not in the cgroup. Once there were none in two looks the tree is enclosed: one
   * look takes its time, and can miss a process that was forked in it by one that then ended.
   */
  async outside(): Promise<readonly number[]> {
    const { cgroup } = this.#options;
    if (cgroup === undefined || this.#enclosed) return [];
    const found = await this.#look();
    const inside = new Set(cgroupMembers(cgroup));
    const outside = found.filter((pid) => !inside.has(pid));
    const isInside = outside.length === 0;
    this.#enclosed = isInside && this.#wasInside;
    this.#wasInside = isInside;
    return outside;
  }

  /** Undefined: it has no cgroup, by which alone it can be paused. */
  get isPaused(): boolean | undefined {
    const { cgroup } = this.#options;
    return cgroup === undefined ? undefined : isFrozen(cgroup);
  }

  /** Resolves once all of it is in its cgroup, and does not wait for its turn. @throws Unavailable when it cannot be */
  async enclose(): Promise<void> {
    while (!this.isEnclosed && !this.#killed) {
      for (const pid of await this.outside()) {
        await this.move(pid).catch((cause: unknown) => {
          const why = `its process ${pid} cannot be moved into its cgroup: ${messageOf(cause)}`;
          throw new Unavailable(why, { cause });
        });
      }
    }
  }

  /**
   * Resolves once all that is in its cgroup stands still, commands that run beside it included, or goes on.
   * @throws Unavailable when it does not
   */
  async setPaused(isWanted: boolean): Promise<void> {
    const { cgroup } = this.#options;
    if (cgroup === undefined || this.#killed) throw new Unavailable("it has ended");
    await setFrozen(cgroup, isWanted);
  }

  /** Has what is paused go on, by whomever it was paused. */
  wake(): void {
    if (this.#options.cgroup !== undefined) thaw(this.#options.cgroup);
  }

  /** Sends a signal to every process there is. */
  async signal(signal: string): Promise<void> {
    for (const pid of await this.#members()) sendSignal(pid, signal);
  }

  /** SIGKILL to all, again until nothing lives; then the cgroup goes too. */
  async kill(): Promise<void> {
    const { cgroup } = this.#options;
    for (let waitMs = lookAgainMsMin; ; waitMs = Math.min(waitMs * 2, lookAgainMsMax)) {
      // What was killed is waited for before the whole machine is looked at again.
      const dying = !this.#enclosed && waitMs > lookAgainMsMin && this.#seen.some(isRunning);
      const strays = this.#enclosed || dying ? [] : await this.#look();
      const populated = cgroup !== undefined && isPopulated(cgroup);
      if (!populated && !dying && strays.length === 0) break;
      if (populated) killCgroup(cgroup);
      for (const pid of strays) sendSignal(pid, "SIGKILL");
      await setTimeout(waitMs);
    }
    this.#killed = true; // Before the cgroup goes: no one makes it again.
    this.#removeGroups();
  }

  /** Whether all of it ended within `ms`. */
  async endsWithin(ms: number): Promise<boolean> {
    const giveUpAt = performance.now() + ms;
    for (let waitMs = lookAgainMsMin; ; waitMs = Math.min(waitMs * 2, lookAgainMsMax)) {
      if (await this.isEmpty()) return true;
      const leftMs = giveUpAt - performance.now();
      if (leftMs <= 0) return false;
      await setTimeout(Math.min(waitMs, leftMs));
    }
  }

  /** Resolves when the shim has ended, which it does right after it recorded the exit. */
  async shimEnded(): Promise<void> {
    while (this.#options.shimPid() !== undefined) await setTimeout(lookAgainMsMin);
  }

  async isEmpty(): Promise<boolean> {
    const { cgroup } = this.#options;
    if (cgroup !== undefined && isPopulated(cgroup)) return false;
    if (this.#enclosed) return true;
    // Whoever is known to live answers for all: the whole machine is looked at once they are gone.
    return !this.#seen.some(isRunning) && (await this.#look()).length === 0;
  }

  /** What all of it uses of the machine now. */
  async usage(): Promise<TreeUsage> {
    return await usageOf(await this.#members(), this.#options.cgroup);
  }

  #removeGroups(): void {
    const { cgroup, limitGroups } = this.#options;
    if (cgroup !== undefined) removeCgroup(cgroup);
    for (const group of limitGroups) removeCgroup(group);
  }

  async #members(): Promise<readonly number[]> {
    const { cgroup } = this.#options;
    const inside = cgroup === undefined ? [] : cgroupMembers(cgroup);
    if (this.#enclosed) return inside;
    return [...new Set([...inside, ...(await this.#look())])];
  }

  async #look(): Promise<number[]> {
    const { mark, scan, shimPid } = this.#options;
    const found = (await scan.look()).tree(mark, shimPid());
    this.#seen = found.flatMap((pid) => seen(pid) ?? []);
    return found;
  }
}

function seen(pid: number): Seen | undefined {
  const stat = readStat(pid);
  return stat === undefined ? undefined : { pid, startTicks: stat.startTicks };
}

/** Whether that very process lives. */
function isRunning({ pid, startTicks }: Seen): boolean {
  const stat = readStat(pid);
  return stat !== undefined && !stat.zombie && stat.startTicks === startTicks;
}
