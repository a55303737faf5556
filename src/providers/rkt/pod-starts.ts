/**
 * Starts the tasks of pods, each once however often it is asked for. A pod is prepared before the keeper has a record
 * of its task: what a crash leaves in between does not run, and is removed by the next start.
 */
import { Unavailable } from "../../core/errors.ts";
import type { InstanceId } from "../../core/ids.ts";
import type { Log } from "../../core/log.ts";
import type { Keeper } from "../../keeper/keeper.ts";
import { checkFile } from "../../keeper/program.ts";
import { type TaskKey, taskKey } from "../../keeper/record-names.ts";
import { recordedTasks } from "../kept-leftovers.ts";
import { inParameter } from "../named-parameter.ts";
import type { Handle, TaskContext } from "../provider.ts";
import { type RktParams, whyNotThere } from "./params.ts";
import { isLeft, isOf, type Pods } from "./pods.ts";

export class PodStarts {
  readonly #keeper: Keeper;
  readonly #pods: Pods;
  readonly #log: Log;
  readonly #starting = new Map<TaskKey, Promise<Handle>>();
  /** Tasks whose pods may be there, although nothing of them is recorded. */
  readonly #preparing = new Set<TaskKey>();
  /** Nothing may be left of a node that was killed, or of a start that failed. */
  #isTidy = false;

  constructor(keeper: Keeper, pods: Pods, log: Log) {
    this.#keeper = keeper;
    this.#pods = pods;
    this.#log = log;
  }

  /** @throws Unavailable when it cannot be started; then nothing of it is left */
  start(instance: InstanceId, params: RktParams, context: TaskContext): Promise<Handle> {
    const key = taskKey(instance, context.attempt);
    const known = this.#starting.get(key);
    if (known !== undefined) return known;
    const starting = this.#start(instance, params, context).finally(() => {
      this.#preparing.delete(key);
      this.#starting.delete(key);
    });
    this.#starting.set(key, starting);
    return starting;
  }

  /** Resolves once no start of an instance is under way. */
  async settled(instance: InstanceId): Promise<void> {
    const own = [...this.#starting].filter(([key]) => key.startsWith(`${instance}.`));
    await Promise.allSettled(own.map(([, starting]) => starting));
  }

  async #start(instance: InstanceId, params: RktParams, context: TaskContext): Promise<Handle> {
    const { attempt, limits } = context;
    const known = (await this.#keeper.list(instance)).find((found) => found.attempt === attempt);
    if (known !== undefined) return known.handle;
    const { image, volumes } = params;
    const why = whyNotThere([...(context.volumes ?? []), ...volumes]);
    if (why !== undefined) throw new Unavailable(`volumes: ${why}`);
    if (image.startsWith("/")) await inParameter("image", checkFile(image));
    if (!this.#isTidy) await this.#tidy();
    const task = { instance, attempt };
    this.#preparing.add(taskKey(instance, attempt));
    // A pod has the environment that it is prepared with, and the keeper knows its processes by these.
    const env = { ...context.env, ...this.#keeper.marks(instance, attempt) };
    try {
      const uuid = await this.#pods.prepare(task, params, { ...context, env });
      const command = await this.#pods.runCommand(uuid, params);
      return await this.#keeper.start(instance, attempt, { command, env: {}, limits });
    } catch (error) {
      this.#isTidy = false; // What rkt gave up to prepare bears no name.
      await this.#try(() => this.#pods.removeWhere((pod) => isOf(pod, task)));
      throw error;
    }
  }

  /** Removes what nobody will run. */
  async #tidy(): Promise<void> {
    this.#isTidy = await this.#try(async () => {
      const all = await this.#pods.list();
      // In this order: what is prepared no more has its record by now.
      const preparing = new Set(this.#preparing);
      const recorded = await recordedTasks(this.#keeper);
      const isKnown = (key: TaskKey) => preparing.has(key) || recorded.has(key);
      await this.#pods.remove(all.filter((pod) => isLeft(pod, isKnown)));
    });
  }

  /** Whether it was done: what cannot be removed now is by a later start. */
  async #try(remove: () => Promise<void>): Promise<boolean> {
    try {
      await remove();
      return true;
    } catch (error) {
      this.#log.warn("A pod that is left cannot be removed yet", { error });
      return false;
    }
  }
}
