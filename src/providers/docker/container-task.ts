/**
 * A container as the node holds it while it runs. The engine keeps it; this sees its health and its end, and
 * copies its log, over every absence of the engine. It has ended once all of its log is copied.
 */

import { Unavailable } from "../../core/errors.ts";
import type { Log } from "../../core/log.ts";
import type { RecordedExit } from "../../keeper/exit.ts";
import { ToldPausing } from "../../keeper/pausing.ts";
import type { Handle, StopOptions, Task } from "../provider.ts";
import { ToldHealth } from "../told-health.ts";
import type { ContainerState } from "./container-state.ts";
import { type Engine, EngineRefused } from "./engine.ts";
import type { EngineWatch } from "./engine-watch.ts";
import type { LogCopy } from "./log-copy.ts";
import { patiently, unceasingly } from "./patience.ts";

export interface ContainerTaskOptions {
  readonly engine: Engine;
  readonly watch: EngineWatch;
  readonly copy: LogCopy;
  readonly log: Log;
  /** It runs, or did a moment ago. */
  readonly state: ContainerState;
  /** Called once, when it has ended or was let go. */
  readonly onLetGo: () => void;
}

/** What the engine tells of a container that it has no more. */
export const removedByOthers: RecordedExit["exit"] = {
  kind: "unknown",
  reason: "its container was removed, and not by Mob",
};

export class ContainerTask implements Task {
  readonly handle: Handle;
  readonly startedAt: number;
  readonly health: ToldHealth | undefined;
  readonly pausing: ToldPausing;
  readonly exited: Promise<RecordedExit>;
  readonly #options: ContainerTaskOptions;
  /** Aborted once nothing is to be asked of the engine any more. */
  readonly #over = new AbortController();
  /** Aborted once the container has ended: its log will not grow. */
  readonly #ended = new AbortController();
  readonly #copying: Promise<void>;
  #looking: Promise<void> = Promise.resolve();
  #settle: (end: RecordedExit) => void = () => {};
  #stopping: Promise<void> | undefined;

  constructor(options: ContainerTaskOptions) {
    this.#options = options;
    const { state, watch, copy, log } = options;
    this.handle = handleOf(state);
    this.startedAt = state.startedAt;
    this.health = state.health && new ToldHealth(state.health);
    this.pausing = new ToldPausing(state.isPaused, (isWanted) => this.#setPaused(isWanted));
    this.exited = new Promise((settle) => {
      this.#settle = settle;
    });
    const { signal } = this.#ended;
    this.#copying = unceasingly(
      () => copy.copy(true, signal),
      signal,
      (error) =>
        log.warn("A container's log is not copied until the engine answers again", { error }),
    );
    watch.add(state.id, () => this.#look());
    this.#look(); // For what became of it before it was watched.
  }

  /** Idempotent. Over an absence of the engine it waits. @throws EngineRefused */
  async stop(options: StopOptions): Promise<void> {
    this.#stopping ??= this.#stop(options);
    await this.#stopping;
    await this.exited;
  }

  release(): void {
    this.#over.abort();
    this.#ended.abort();
    this.#options.watch.drop(this.#options.state.id);
    this.#options.onLetGo();
  }

  /** Resolves when nothing is written for it any more: to be asked after `release`. */
  async idle(): Promise<void> {
    await this.#looking;
    await this.#copying;
  }

  async #setPaused(isWanted: boolean): Promise<void> {
    const { engine, state } = this.#options;
    await (isWanted ? engine.pause(state.id) : engine.unpause(state.id));
    const now = await engine.inspect(state.id);
    if (now?.phase !== "running") throw new Unavailable("its container does not run");
    if (now.isPaused === isWanted) return;
    throw new Unavailable(`its container ${isWanted ? "goes on" : "stays paused"}`);
  }

  async #stop({ signal, graceMs }: StopOptions): Promise<void> {
    const { engine, state } = this.#options;
    // One that somebody has paused takes no signal.
    await patiently(() => engine.unpause(state.id), this.#over.signal);
    await this.#signal(signal);
    if (await this.#endsWithin(graceMs)) return;
    await this.#signal("SIGKILL");
  }

  #signal(signal: string): Promise<void> {
    const { engine, state } = this.#options;
    return patiently(() => engine.signal(state.id, signal), this.#over.signal);
  }

  async #endsWithin(ms: number): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<false>((resolve) => {
      timer = setTimeout(() => resolve(false), ms);
    });
    const inTime = await Promise.race([this.exited.then(() => true), late]);
    clearTimeout(timer);
    return inTime;
  }

  #look(): void {
    this.#looking = this.#looking
      .then(() => this.#lookNow())
      .catch((error: unknown) => {
        if (!this.#over.signal.aborted) {
          this.#options.log.error("What became of a container is unknown", { error });
        }
      });
  }

  async #lookNow(): Promise<void> {
    const { engine, state } = this.#options;
    if (this.#over.signal.aborted) return;
    const now = await patiently(() => engine.inspect(state.id), this.#over.signal);
    if (this.#over.signal.aborted) return;
    if (now?.phase === "running") {
      this.pausing.see(now.isPaused); // First: of what is paused, its health is held against nothing.
      this.health?.see(now.health);
      return;
    }
    this.#ended.abort();
    await this.#copying;
    const { signal } = this.#over;
    const { copy, log } = this.#options;
    await patiently(() => copyRest(copy, log, signal), signal);
    this.release();
    this.#settle(now?.end ?? { exit: removedByOthers, atMs: Date.now() });
  }
}

/**
 * Copies what is left of the log of a container that has ended. Where the engine has none any more, or the
 * disk takes none, its end is told all the same.
 * @throws Unavailable when the engine does not answer
 */
export async function copyRest(copy: LogCopy, log: Log, signal: AbortSignal): Promise<void> {
  try {
    await copy.copy(false, signal);
  } catch (error) {
    if (error instanceof Unavailable && !(error instanceof EngineRefused)) throw error;
    log.warn("The end of a container's log could not be copied", { error });
  }
}

/** What finds a container again, and is shown to users. */
export function handleOf({ id, pid }: ContainerState): Handle {
  return pid > 0 ? { container: id, pid } : { container: id };
}
