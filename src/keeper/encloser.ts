/**
 * Brings freshly started tasks into their cgroups, beside their start and not on the way to it: the
 * kernel takes 10 to 20 ms for the first of a run of moves, and well under 1 ms for the next.
 */
import { setTimeout } from "node:timers/promises";
import type { Log } from "../core/log.ts";
import type { ProcessTree } from "./process-tree.ts";

/** After a start, until its tree is moved: trees that are started meanwhile share what that costs. */
const gatherMs = 100;
/** While one start follows the other the moves wait, because they hold up every fork; so often at most. */
const gatherTimesMax = 50;

export class Encloser {
  readonly #log: Log;
  /** Not moved yet, with the pid of their first process. */
  readonly #fresh = new Map<ProcessTree, number>();
  /** Trees whose strays have yet to be looked for. */
  readonly #waiting = new Set<ProcessTree>();
  #running = false;
  #isClosed = false;

  constructor(log: Log) {
    this.#log = log;
  }

  /** Moves `payloadPid`, the first process of a tree, soon; then whatever it forked before that. */
  add(tree: ProcessTree, payloadPid: number): void {
    this.#fresh.set(tree, payloadPid);
    if (this.#running) return;
    this.#running = true;
    void this.#run();
  }

  /** Forgets a tree that has ended. */
  drop(tree: ProcessTree): void {
    this.#fresh.delete(tree);
    this.#waiting.delete(tree);
  }

  /** Moves nothing any more. */
  close(): void {
    this.#isClosed = true;
    this.#fresh.clear();
    this.#waiting.clear();
  }

  async #run(): Promise<void> {
    while (this.#fresh.size + this.#waiting.size > 0) {
      await this.#gather();
      // One after the other: waiting for the kernel, each holds a thread that files need too.
      for (const [tree, payloadPid] of this.#fresh) {
        this.#fresh.delete(tree);
        this.#waiting.add(tree);
        await this.#move(tree, payloadPid);
      }
      await Promise.all([...this.#waiting].map((tree) => this.#enclose(tree)));
    }
    this.#running = false;
  }

  /** Resolves once nothing was started for a while. */
  async #gather(): Promise<void> {
    for (let times = 0; times < gatherTimesMax; times++) {
      const before = this.#fresh.size;
      await setTimeout(gatherMs, undefined, { ref: false });
      if (this.#fresh.size <= before) return;
    }
  }

  async #enclose(tree: ProcessTree): Promise<void> {
    const outside = await tree.outside();
    if (this.#isClosed) return;
    if (tree.isEnclosed) this.#waiting.delete(tree);
    for (const pid of outside) await this.#move(tree, pid);
  }

  async #move(tree: ProcessTree, pid: number): Promise<void> {
    try {
      await tree.move(pid);
    } catch (error) {
      // What stays outside is still found by its mark: slower, and no less dead in the end.
      this.#waiting.delete(tree);
      this.#log.warn("A task's process could not be moved into its cgroup", { pid, error });
    }
  }
}
