/** The tasks that a provider's process holds for the node, by the node's numbers, and what is told of each. */
import { Conflict, messageOf, NotFound } from "../../core/errors.ts";
import type { RecordedExit } from "../../keeper/exit.ts";
import type { Gone, Pausing, StopOptions, Task } from "../provider.ts";
import type { Adopted, Told } from "./messages.ts";

const pausingMethods = ["pause", "resume", "watch"] as const satisfies (keyof Pausing)[];

export class ServedTasks {
  readonly #tell: (told: Told) => void;
  readonly #tasks = new Map<number, Task>();

  constructor(tell: (told: Told) => void) {
    this.#tell = tell;
  }

  /** Holds what a provider gave for a task. @throws TypeError for what is none */
  hold(number: number, task: Task | Gone): Adopted {
    if (typeof task !== "object" || task === null) {
      throw new TypeError("adopt() should give a task, or { gone, exit, atMs }");
    }
    if ("gone" in task) return { gone: true, exit: task.exit, atMs: task.atMs };
    const pausing = pausingOf(task);
    this.#tasks.set(number, task);
    // After the answer, which says that there is a task at all.
    setImmediate(() => {
      void endOf(task).then((end) => {
        if (this.#tasks.delete(number)) this.#tell({ told: "exited", task: number, end });
      });
      task.watch?.((why) => this.#tell({ told: "condition", task: number, why }));
    });
    const { handle, startedAt, health } = task;
    health?.watch((now) => this.#tell({ told: "health", task: number, health: now }));
    pausing?.watch((isPaused) => this.#tell({ told: "paused", task: number, isPaused }));
    const told = {
      ...(health && { health: health.now }),
      ...(pausing && { isPaused: pausing.now }),
    };
    return { gone: false, handle, startedAt, ...told };
  }

  /** Resolves with its end. @throws NotFound */
  async stop(number: number, options: StopOptions): Promise<RecordedExit> {
    const task = this.#held(number);
    await task.stop(options);
    return await endOf(task);
  }

  release(number: number): void {
    const task = this.#tasks.get(number);
    this.#tasks.delete(number);
    task?.release();
  }

  /** @throws NotFound; Conflict where it cannot be paused */
  async setPaused(number: number, isPaused: boolean): Promise<void> {
    const pausing = pausingOf(this.#held(number));
    if (pausing === undefined) throw new Conflict("the task cannot be paused any more");
    await (isPaused ? pausing.pause() : pausing.resume());
  }

  #held(number: number): Task {
    const task = this.#tasks.get(number);
    if (task === undefined) throw new NotFound("the task has ended");
    return task;
  }
}

/** @throws TypeError naming what it lacks */
function pausingOf({ pausing }: Task): Pausing | undefined {
  if (pausing === undefined) return undefined;
  const lacking = pausingMethods.filter((name) => typeof pausing?.[name] !== "function");
  if (lacking.length === 0) return pausing;
  throw new TypeError(`pausing of the task lacks ${lacking.join(", ")}`);
}

/** What a provider makes of it that breaks its contract is an end too. */
async function endOf({ exited }: Task): Promise<RecordedExit> {
  try {
    const { exit, atMs } = await exited;
    return { exit, atMs };
  } catch (error) {
    return { exit: { kind: "unknown", reason: messageOf(error) }, atMs: Date.now() };
  }
}
