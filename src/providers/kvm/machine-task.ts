/**
 * A machine as the node holds it while it runs: QEMU under a keeper, with another way to stop. What asks a
 * machine to end is its power button; then it is switched off.
 */
import { setTimeout } from "node:timers/promises";
import type { Log } from "../../core/log.ts";
import type { KeptTask } from "../../keeper/kept-task.ts";
import type { StopOptions, Task } from "../provider.ts";

/** One that is still booting does not hear its button: it is pressed again. */
const pressEveryMs = 1_000;
/** Until QEMU itself is killed, where it does not end when it is told to. */
const quitMsMax = 5_000;

/** Tells QEMU commands of its protocol, in their order. @throws Unavailable */
export type Tell = (...commands: readonly string[]) => Promise<void>;

export class MachineTask implements Task {
  readonly #kept: KeptTask;
  readonly #tell: Tell;
  readonly #log: Log;
  #stopping: Promise<void> | undefined;
  /** Nothing is to be told to it any more. */
  readonly #over = new AbortController();

  constructor(kept: KeptTask, tell: Tell, log: Log) {
    this.#kept = kept;
    this.#tell = tell;
    this.#log = log;
    void kept.exited.then(() => this.#over.abort());
  }

  get handle() {
    return this.#kept.handle;
  }

  get startedAt() {
    return this.#kept.startedAt;
  }

  get exited() {
    return this.#kept.exited;
  }

  /** Power button, grace, switched off; `SIGKILL` kills QEMU at once. Any other signal is as good as SIGTERM. */
  async stop(options: StopOptions): Promise<void> {
    this.#stopping ??= options.signal === "SIGKILL" ? Promise.resolve() : this.#end(options);
    await this.#stopping;
    await this.#kept.stop({ signal: "SIGKILL", graceMs: 0 });
  }

  release(): void {
    this.#over.abort();
    this.#kept.release();
  }

  async #end({ graceMs }: StopOptions): Promise<void> {
    const giveUpAt = performance.now() + graceMs;
    // One that somebody has paused would not see its button pressed.
    let commands = ["cont", "system_powerdown"];
    for (let leftMs = graceMs; leftMs > 0; leftMs = giveUpAt - performance.now()) {
      await this.#say(commands);
      if (await this.#endsWithin(Math.min(leftMs, pressEveryMs))) return;
      commands = ["system_powerdown"];
    }
    await this.#say(["quit"]);
    await this.#endsWithin(quitMsMax);
  }

  async #say(commands: readonly string[]): Promise<void> {
    if (this.#over.signal.aborted) return;
    try {
      await this.#tell(...commands);
    } catch (error) {
      if (!this.#over.signal.aborted)
        this.#log.warn("A machine could not be told to end", { error });
    }
  }

  async #endsWithin(ms: number): Promise<boolean> {
    const { signal } = this.#over;
    await setTimeout(ms, undefined, { signal }).catch(() => {});
    return signal.aborted;
  }
}
