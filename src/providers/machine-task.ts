/**
 * A machine as the node holds it while it runs: a process under a keeper, with another way to stop. What asks
 * a machine to end is its power button; then it is switched off.
 */
import { setTimeout } from "node:timers/promises";
import type { Log } from "../core/log.ts";
import type { KeptTask } from "../keeper/kept-task.ts";
import { ToldPausing } from "../keeper/pausing.ts";
import type { StopOptions, Task } from "./provider.ts";

/** One that is still booting does not hear its button: it is pressed again. */
const pressEveryMs = 1_000;
/** Until its process is killed, where it does not end although its machine was switched off. */
const offMsMax = 5_000;

/** What a machine can be told. Each throws Unavailable when it could not be. */
export interface Switches {
  /** Asks it to end. */
  press(): Promise<void>;
  /** Ends it now. */
  switchOff(): Promise<void>;
  /** Has it stand still. Idempotent. */
  pause(): Promise<void>;
  /** Has it go on. Idempotent. */
  resume(): Promise<void>;
}

export class MachineTask implements Task {
  readonly exited: Task["exited"];
  readonly pausing: ToldPausing;
  readonly #kept: KeptTask;
  readonly #switches: Switches;
  readonly #log: Log;
  #stopping: Promise<void> | undefined;
  /** Nothing is to be told to it any more. */
  readonly #over = new AbortController();

  /**
   * @param isPaused as it is found
   * @param cleanUp what is to be done between its process' end and the task's; must not throw
   */
  constructor(
    kept: KeptTask,
    switches: Switches,
    log: Log,
    isPaused: boolean,
    cleanUp?: () => Promise<void>,
  ) {
    this.#kept = kept;
    this.pausing = new ToldPausing(isPaused, (isWanted) =>
      isWanted ? switches.pause() : switches.resume(),
    );
    this.#switches = switches;
    this.#log = log;
    this.exited = kept.exited.then(async (end) => {
      this.#over.abort();
      await cleanUp?.();
      return end;
    });
  }

  /** Aborted once it has ended, or was let go. */
  get over(): AbortSignal {
    return this.#over.signal;
  }

  get handle() {
    return this.#kept.handle;
  }

  get startedAt() {
    return this.#kept.startedAt;
  }

  /** Power button, grace, switched off; at once by `SIGKILL`. Any other signal is as good as SIGTERM. */
  async stop(options: StopOptions): Promise<void> {
    this.#stopping ??= this.#end(options);
    await this.#stopping;
    await this.#kept.stop({ signal: "SIGKILL", graceMs: 0 });
    await this.exited;
  }

  release(): void {
    this.#over.abort();
    this.#kept.release();
  }

  async #end({ signal, graceMs }: StopOptions): Promise<void> {
    const giveUpAt = performance.now() + (signal === "SIGKILL" ? 0 : graceMs);
    for (;;) {
      const leftMs = giveUpAt - performance.now();
      if (leftMs <= 0) break;
      await this.#tell(() => this.#switches.press());
      if (await this.#endsWithin(Math.min(leftMs, pressEveryMs))) return;
    }
    await this.#tell(() => this.#switches.switchOff());
    await this.#endsWithin(offMsMax);
  }

  async #tell(tell: () => Promise<void>): Promise<void> {
    if (this.#over.signal.aborted) return;
    try {
      await tell();
    } catch (error) {
      if (this.#over.signal.aborted) return;
      this.#log.warn("A machine could not be told to end", { error });
    }
  }

  async #endsWithin(ms: number): Promise<boolean> {
    const { signal } = this.#over;
    await setTimeout(ms, undefined, { signal }).catch(() => {});
    return signal.aborted;
  }
}
