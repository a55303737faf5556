/**
 * Brings freshly started tasks into their cgroups, beside their start and not on the way to it: the
 * kernel takes 10 to 20 ms for the first of a run of moves, and well under 1 ms for the next.
 */
import { setTimeout } from "node:timers/promises";
import type { Log } from "../core/log.ts";
import type { ProcessTree } from "./process-tree.ts";

/** Trees that were started within this time share one look at the machine's processes. */
const gatherMs = 100;

export class Encloser {
  readonly #log: Log;
  /** Trees whose strays have yet to be looked for. */
  readonly #waiting = new Set<ProcessTree>();
  #moving: Promise<void> = Promise.resolve();
  #running = false;

  constructor(log: Log) {
    this.#log = log;
  }

  /** Moves `payloadPid`, the first process of a tree, soon; then whatever it forked before that. */
  add(tree: ProcessTree, payloadPid: number): void {
    // One after the other: waiting for the kernel, each holds a thread that files need too.
    this.#moving = this.#moving.then(() => this.#move(tree, payloadPid));
    this.#waiting.add(tree);
    if (this.#running) return;
    this.#running = true;
    void this.#run();
  }

  /** Forgets a tree that has ended. */
  drop(tree: ProcessTree): void {
    this.#waiting.delete(tree);
  }

  async #run(): Promise<void> {
    while (this.#waiting.size > 0) {
      await setTimeout(gatherMs, undefined, { ref: false });
      await this.#moving;
      await Promise.all([...this.#waiting].map((tree) => this.#enclose(tree)));
    }
    this.#running = false;
  }

  async #enclose(tree: ProcessTree): Promise<void> {
    const outside = await tree.outside();
    if (outside.length === 0) this.#waiting.delete(tree);
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
