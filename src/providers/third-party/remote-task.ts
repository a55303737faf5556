/**
 * A task of a third party's provider, as the node holds it: over every process that the provider has in
 * its time. Each new one is asked to adopt the task again.
 */
import { Unavailable } from "../../core/errors.ts";
import type { RecordedExit } from "../../keeper/exit.ts";
import { ToldPausing } from "../../keeper/pausing.ts";
import type { FoundTask, Handle, StopOptions, Task, TaskHealth } from "../provider.ts";
import { ToldHealth } from "../told-health.ts";
import type { Adopted } from "./messages.ts";
import type { ProviderProcess } from "./provider-process.ts";

/** In a process: the number that it knows the task by. */
interface Held {
  readonly process: ProviderProcess;
  readonly number: number;
}

export interface RemoteTaskOptions {
  readonly found: FoundTask;
  /** The provider's process, once it is there. @throws Unavailable when it will not be any more */
  readonly whenThere: () => Promise<ProviderProcess>;
  /** Called once, when it has ended or was let go. */
  readonly onLetGo: () => void;
}

export class RemoteTask implements Task {
  handle: Handle;
  startedAt = 0;
  /** Undefined for one that had none when it was adopted first. */
  health: ToldHealth | undefined;
  /** The same. */
  pausing: ToldPausing | undefined;
  readonly exited: Promise<RecordedExit>;
  readonly #options: RemoteTaskOptions;
  #held: Held | undefined;
  #isOver = false;
  #settle: (end: RecordedExit) => void = () => {};
  #stopping: Promise<void> | undefined;
  /** As it was last told, to whoever watches. */
  #why: string | undefined;
  #tellCondition: (why: string | undefined) => void = () => {};

  constructor(options: RemoteTaskOptions) {
    this.#options = options;
    this.handle = options.found.handle;
    this.exited = new Promise((settle) => {
      this.#settle = settle;
    });
  }

  /** Whether it has ended or was let go. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Has a process take it over. @throws what the provider throws */
  async adoptIn(process: ProviderProcess): Promise<Adopted> {
    const number = process.nextNumber();
    // What comes with the answer is heard before that is taken, and is newer than what it says.
    let early: (() => void)[] | undefined = [];
    const inTurn =
      <T>(hear: (told: T) => void) =>
      (told: T) =>
        early === undefined ? hear(told) : void early.push(() => hear(told));
    process.tasks.set(number, {
      ended: inTurn((end) => this.#end(end)),
      health: inTurn((health) => this.health?.see(health)),
      paused: inTurn((isPaused) => this.pausing?.see(isPaused)),
      condition: inTurn((why) => this.#hearCondition(why)),
    });
    const { found } = this.#options;
    try {
      const adopted = await process.call("adopt", { task: number, found });
      if (adopted.gone) {
        process.tasks.delete(number);
        this.#end({ exit: adopted.exit, atMs: adopted.atMs });
        return adopted;
      }
      this.#takeHealth(adopted.health);
      this.#takePausing(adopted.isPaused);
      this.#held = { process, number };
      this.handle = adopted.handle;
      this.startedAt = adopted.startedAt;
      const heard = early;
      early = undefined;
      for (const hear of heard) hear();
      return adopted;
    } catch (error) {
      process.tasks.delete(number);
      throw error;
    }
  }

  stop(options: StopOptions): Promise<void> {
    this.#stopping ??= this.#stop(options);
    return this.#stopping;
  }

  watch(tell: (why: string | undefined) => void): void {
    this.#tellCondition = tell;
    if (this.#why !== undefined) tell(this.#why);
  }

  release(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#options.onLetGo();
    const { process, number } = this.#held ?? {};
    if (process === undefined || number === undefined) return;
    process.tasks.delete(number);
    process.call("release", { task: number }).catch(() => {}); // Of one that has ended, nothing is held.
  }

  /** Told again by each process that the provider has, though it is as it was. */
  #hearCondition(why: string | undefined): void {
    if (why === this.#why) return;
    this.#why = why;
    this.#tellCondition(why);
  }

  #takeHealth(health: TaskHealth | undefined): void {
    if (health === undefined) return;
    if (this.#held === undefined) this.health = new ToldHealth(health);
    else this.health?.see(health);
  }

  #takePausing(isPaused: boolean | undefined): void {
    if (isPaused === undefined) return;
    if (this.#held === undefined) {
      this.pausing = new ToldPausing(isPaused, (isWanted) => this.#setPaused(isWanted));
    } else this.pausing?.see(isPaused);
  }

  async #setPaused(isPaused: boolean): Promise<void> {
    if (this.#held === undefined || this.#isOver) throw new Unavailable("it has ended");
    const { process, number } = this.#held;
    await process.call("setPaused", { task: number, isPaused });
  }

  /** Over an absence of the provider it waits. */
  async #stop(options: StopOptions): Promise<void> {
    while (!this.#isOver) {
      const process = await this.#options.whenThere();
      const held = this.#held;
      if (held?.process !== process) {
        await this.adoptIn(process).catch((error: unknown) => this.#failUnless(process, error));
        continue;
      }
      const request = { task: held.number, options };
      try {
        this.#end(await process.call("stop", request, { moreMs: options.graceMs }));
      } catch (error) {
        this.#failUnless(process, error);
      }
    }
  }

  /** What failed because the process has ended is tried again with the next one. */
  #failUnless(process: ProviderProcess, error: unknown): void {
    if (!process.hasEnded && !this.#isOver) throw error;
  }

  #end(end: RecordedExit): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#options.onLetGo();
    this.#settle(end);
  }
}
