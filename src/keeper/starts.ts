/**
 * The starts that are under way, each once: who asks for one again gets the same. Whoever looks at tasks
 * waits for these first, since half of one looks like what a crash has left.
 */
import type { InstanceId } from "../core/ids.ts";
import type { PidHandle } from "./kept-task.ts";
import type { TaskKey } from "./record-names.ts";

export class Starts {
  readonly #underWay = new Map<TaskKey, Promise<PidHandle>>();

  /** The start of a task that is under way; where there is none, `begin` begins it. */
  once(key: TaskKey, begin: () => Promise<PidHandle>): Promise<PidHandle> {
    const known = this.#underWay.get(key);
    if (known !== undefined) return known;
    const starting = begin().finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, starting);
    return starting;
  }

  has(key: TaskKey): boolean {
    return this.#underWay.has(key);
  }

  /** Resolves once that of a task is over, however it went: its caller is told. */
  async over(key: TaskKey): Promise<void> {
    await this.#underWay.get(key)?.catch(() => {});
  }

  /** The same of those of an instance, or of all. */
  async allOver(instance?: InstanceId): Promise<void> {
    const prefix = instance === undefined ? "" : `${instance}.`;
    const wanted = [...this.#underWay].filter(([key]) => key.startsWith(prefix));
    await Promise.allSettled(wanted.map(([, starting]) => starting));
  }
}
