/** A volume as the node holds it while it runs: a script under the keeper that watches it, and gluster, which has it. */
import { setTimeout } from "node:timers/promises";
import type { Log } from "../../core/log.ts";
import type { KeptTask } from "../../keeper/kept-task.ts";
import type { Task } from "../provider.ts";
import type { OwnVolume, Volumes } from "./volumes.ts";

/** Between two looks at its bricks. */
const lookEveryMs = 5_000;
/** For the script to end by itself: it may be waiting for gluster. */
const graceMs = 5_000;

export class VolumeTask implements Task {
  readonly exited: Task["exited"];
  readonly #kept: KeptTask;
  readonly #volume: OwnVolume;
  readonly #volumes: Volumes;
  readonly #log: Log;
  /** Nothing is to be seen of it any more. */
  readonly #over = new AbortController();

  constructor(kept: KeptTask, volume: OwnVolume, volumes: Volumes, log: Log) {
    this.#kept = kept;
    this.#volume = volume;
    this.#volumes = volumes;
    this.#log = log;
    this.exited = kept.exited.then(async (end) => {
      this.#over.abort();
      await volumes.stop(volume); // However its script has ended.
      return end;
    });
  }

  get handle() {
    return { ...this.#kept.handle, volume: this.#volume.name };
  }

  get startedAt() {
    return this.#kept.startedAt;
  }

  /** A volume has no signals, and those who have it mounted are not waited for. Its script ends first: it would tell. */
  async stop(): Promise<void> {
    this.#over.abort();
    await this.#kept.stop({ signal: "SIGTERM", graceMs });
    await this.exited;
  }

  release(): void {
    this.#over.abort();
    this.#kept.release();
  }

  watch(tell: (why: string | undefined) => void): void {
    void this.#look(tell);
  }

  async #look(tell: (why: string | undefined) => void): Promise<void> {
    const { signal } = this.#over;
    let told: string | undefined | null = null; // Nothing yet.
    while (!signal.aborted) {
      const why = await this.#whyDegraded(told !== undefined);
      if (signal.aborted) return;
      if (why !== told) tell(why);
      told = why;
      await setTimeout(lookEveryMs, undefined, { ref: false, signal }).catch(() => {}); // Over.
    }
  }

  /** @param mayLag what was away, or may have been, has to be healed */
  async #whyDegraded(mayLag: boolean): Promise<string | undefined> {
    try {
      return await this.#volumes.whyDegraded(this.#volume.name, mayLag);
    } catch (error) {
      this.#log.warn("A volume's bricks cannot be looked at", { ...this.handle, error });
      return "gluster does not tell how its bricks are";
    }
  }
}
