/**
 * The engine's side of one instance: starts, stops and finds its task through the provider, and tells
 * what becomes of it. What is to be done is decided elsewhere; one thing is done at a time, which is
 * for whoever calls to see to.
 */
import { Conflict, MobError, messageOf } from "../core/errors.ts";
import type { InstanceId } from "../core/ids.ts";
import type { Log } from "../core/log.ts";
import { isNothing } from "../core/resources.ts";
import type { FoundTask, Provider, Task } from "../providers/provider.ts";
import type { Found, InstanceEffect, TaskEvent } from "../services/instance.ts";
import { type Ports, taskEnv } from "../services/ports.ts";
import type { PortClaims } from "./port-claims.ts";
import type { VolumeClaims } from "./volume-claims.ts";

export interface TaskHolderOptions {
  readonly instance: InstanceId;
  readonly provider: Provider;
  readonly ports: PortClaims;
  readonly volumes: VolumeClaims;
  readonly log: Log;
  readonly tell: (event: TaskEvent) => void;
  /** Told why a start has failed. */
  readonly failed: (error: unknown) => void;
  /** Resolves after `ms`, or once `unless` has. */
  readonly wait: (ms: number, unless: Promise<unknown>) => Promise<void>;
  /** Whoever it holds the task for is gone: nothing is taken over any more. */
  readonly isOver: () => boolean;
}

/** Nothing of the task is left after these. */
const endings: ReadonlySet<TaskEvent["kind"]> = new Set(["start_failed", "exited", "stopped"]);

export class TaskHolder {
  readonly #options: TaskHolderOptions;
  #task: Task | undefined;
  /** A start has begun, and what came of it was not seen: two tasks of one instance must never run. */
  #isUnsure = false;

  constructor(options: TaskHolderOptions) {
    const { instance, ports } = options;
    const tell = (event: TaskEvent) => {
      // What it had is for others now; it gets it again where that is free when it starts next.
      if (endings.has(event.kind)) ports.release(instance);
      options.tell(event);
    };
    this.#options = { ...options, tell };
  }

  /**
   * Learns what the engine has, and takes it over, but for what is of an attempt before `attempt`, the last that is
   * known: that was started unseen. `given`: its ports. @throws what the provider throws
   */
  async takeUp(given: Ports, attempt: number): Promise<Found> {
    const { provider, instance, ports } = this.#options;
    ports.hold(instance, given);
    const tasks = await this.#endEarlier(attempt);
    const [newest, ...older] = tasks.toSorted((a, b) => b.attempt - a.attempt);
    for (const { attempt } of older) await provider.forget(instance, attempt);
    return newest === undefined ? { kind: "nothing" } : this.#adopt(newest);
  }

  /** Told by `started` or `start_failed`. Never rejects. */
  async start(effect: InstanceEffect & { readonly kind: "start" }): Promise<void> {
    const { provider, instance, log, tell, failed, isOver } = this.#options;
    const { attempt, spec } = effect;
    this.#task = undefined;
    try {
      if (this.#isUnsure) await this.#endEarlier(attempt);
      const progress = (text: string) => tell({ kind: "progress", attempt, text });
      const ports = await this.#options.ports.claim(instance, spec.ports, effect.ports);
      const volumes = await this.#options.volumes.claim(instance, spec.volumes);
      const env = taskEnv(spec, ports);
      const { resources: limits, logs } = spec;
      const bounds = isNothing(limits) ? { logs } : { logs, limits };
      const context = { service: spec.name, attempt, env, ports, volumes, ...bounds, progress };
      this.#isUnsure = true;
      const handle = await provider.start(instance, provider.parseParams(spec.params), context);
      if (isOver()) return; // Whoever takes over finds it.
      const found = await this.#adopt({ instance, attempt, handle });
      this.#isUnsure = false;
      const startedAt = found.kind === "running" ? found.startedAt : found.atMs;
      const { health, isPaused } = found.kind === "running" ? found : {};
      const known = { ...(health && { health }), ...(isPaused && { isPaused }) };
      tell({ kind: "started", attempt, handle, startedAt, ports, ...known });
      if (found.kind === "gone") {
        tell({ kind: "exited", attempt, exit: found.exit, atMs: found.atMs });
      }
    } catch (error) {
      log.warn("a task could not be started", { attempt, error });
      failed(error);
      tell({ kind: "start_failed", attempt, error: wordsOf(error) });
    }
  }

  /**
   * Ends what a start that failed has left running, if anything. The tasks of `attempt` and later ones.
   * @throws what the provider throws: then it may run still
   */
  async #endEarlier(attempt: number): Promise<readonly FoundTask[]> {
    const { provider, instance } = this.#options;
    const tasks = await provider.list(instance);
    for (const found of tasks) {
      if (found.attempt >= attempt) continue;
      const task = await provider.adopt(found);
      if (!("gone" in task)) await task.stop({ signal: "SIGKILL", graceMs: 0 });
      await provider.forget(instance, found.attempt);
    }
    this.#isUnsure = false;
    return tasks.filter((found) => found.attempt >= attempt);
  }

  /** Told by `exited`, where there was a task, and `stopped`. @throws what the provider throws */
  async stop(effect: InstanceEffect & { readonly kind: "stop" }): Promise<void> {
    const { tell } = this.#options;
    const { attempt, signal, graceMs, delayMs } = effect;
    if (this.#task !== undefined) {
      if (delayMs > 0) await this.#options.wait(delayMs, this.#task.exited);
      await this.#task.stop({ signal, graceMs });
      const { exit, atMs } = await this.#task.exited;
      tell({ kind: "exited", attempt, exit, atMs });
    }
    tell({ kind: "stopped", attempt });
  }

  /**
   * Has the task that is held stand still, or go on. Told by `paused`, also where it was so.
   * @throws Conflict where it cannot be paused; what the provider throws
   */
  async setPaused(attempt: number, isWanted: boolean): Promise<void> {
    const { provider, tell } = this.#options;
    const pausing = this.#task?.pausing;
    if (pausing === undefined) throw new Conflict(`${provider.type} cannot pause it`);
    await (isWanted ? pausing.pause() : pausing.resume());
    tell({ kind: "paused", attempt, isPaused: pausing.now });
  }

  /** Never rejects: what stays is taken away later. */
  async forget(attempt: number): Promise<void> {
    const { provider, instance, log } = this.#options;
    try {
      await provider.forget(instance, attempt);
    } catch (error) {
      log.warn("what is left of an ended task could not be removed", { attempt, error });
    }
  }

  /** Nothing of the instance stays in the engine. @throws what the provider throws */
  async remove(): Promise<void> {
    const { provider, instance, ports, volumes } = this.#options;
    this.release();
    await provider.remove(instance);
    ports.release(instance);
    await volumes.release(instance);
  }

  /** Lets go of the task without touching it. */
  release(): void {
    this.#task?.release();
    this.#task = undefined;
  }

  async #adopt(found: FoundTask): Promise<Exclude<Found, { readonly kind: "nothing" }>> {
    const { provider, tell } = this.#options;
    const { attempt, handle } = found;
    const task = await provider.adopt(found);
    if ("gone" in task) return { kind: "gone", attempt, exit: task.exit, atMs: task.atMs };
    this.#task = task;
    task.watch?.((why) => {
      if (this.#task === task)
        tell({ kind: "condition", attempt, ...(why !== undefined && { why }) });
    });
    void task.exited.then(({ exit, atMs }) => {
      if (this.#task === task) tell({ kind: "exited", attempt, exit, atMs });
    });
    const { startedAt, health, pausing } = task;
    pausing?.watch((isPaused) => {
      if (this.#task === task) tell({ kind: "paused", attempt, isPaused });
    });
    const paused = pausing?.now === true && { isPaused: true };
    if (health === undefined) return { kind: "running", attempt, handle, startedAt, ...paused };
    health.watch((now) => {
      if (this.#task === task) tell({ kind: "own-health", attempt, health: now });
    });
    return { kind: "running", attempt, handle, startedAt, health: health.now, ...paused };
  }
}

/** With what is wrong where, of parameters that a third party's provider has refused. */
function wordsOf(error: unknown): string {
  const details = error instanceof MobError ? error.details : [];
  const places = details.map(({ path, message }) => `${path} ${message}`);
  return [messageOf(error), ...(places.length > 0 ? [places.join(", ")] : [])].join(": ");
}
