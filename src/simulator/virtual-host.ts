/**
 * Tasks that live outside a node, as processes under their keepers do. A task's script is data: how long it
 * runs and how it exits. The host also tells of what must never be: two tasks of one instance, or with one
 * volume, or more tasks than it has room for.
 */
import { Unavailable } from "../core/errors.ts";
import type { InstanceId } from "../core/ids.ts";
import { isNothing, noResources, sumOf } from "../core/resources.ts";
import type { Exit, FoundTask, Limits, StopOptions, TaskContext } from "../providers/provider.ts";
import type { Owner, Scheduler } from "./scheduler.ts";

/**
 * What a virtual task does: runs `runMs` (for ever when absent), then exits with `exitCode`. It listens on
 * `port`, if it has one, from `readyMs` after its start on, and not after `sickMs`.
 */
export interface VirtualParams {
  readonly runMs?: number;
  readonly exitCode?: number;
  readonly port?: number;
  readonly readyMs?: number;
  readonly sickMs?: number;
}

export interface VirtualTask {
  readonly found: FoundTask;
  readonly service: string;
  readonly params: VirtualParams;
  readonly limits: Limits;
  /** Their names. */
  readonly volumes: readonly string[];
  /** Virtual ms. */
  readonly startedAt: number;
  readonly watchers: Set<() => void>;
  ended?: { readonly exit: Exit; readonly atMs: number };
}

type StartContext = Pick<TaskContext, "service" | "limits" | "volumes">;

/** How long stopping takes, in virtual ms. */
const stopMs = 20;

/** One machine's tasks. Outlives the nodes that run on it. */
export class VirtualHost {
  readonly tasks = new Map<string, VirtualTask>();
  /** Every task that ever was, in the order of their starts. */
  readonly history: VirtualTask[] = [];
  /** The engine does not answer: whatever is asked of it fails. Its tasks run on. */
  isDown = false;
  /** Descriptions of every time it was so. */
  readonly violations: string[] = [];
  /** What its tasks may have, together, as far as they are limited. */
  capacity: Limits = { memoryBytes: 8e9, milliCpus: 4_000 };
  readonly #scheduler: Scheduler;
  readonly #owner: Owner;
  #pids = 0;

  constructor(scheduler: Scheduler, name: string) {
    this.#scheduler = scheduler;
    this.#owner = { name, dead: false };
  }

  /** Tasks of this machine that run now. */
  running(): readonly FoundTask[] {
    return [...this.tasks.values()].filter((task) => !task.ended).map((task) => task.found);
  }

  find(instance: InstanceId, attempt: number): VirtualTask | undefined {
    return this.tasks.get(taskKey(instance, attempt));
  }

  /** Nothing is left of a task. */
  forget({ instance, attempt }: Pick<FoundTask, "instance" | "attempt">): void {
    this.tasks.delete(taskKey(instance, attempt));
  }

  /** Whether a task listens there now. */
  listens(port: number): boolean {
    return [...this.tasks.values()].some(({ params, startedAt, ended }) => {
      const { readyMs = 0, sickMs = Number.POSITIVE_INFINITY } = params;
      const ranMs = this.#scheduler.now - startedAt;
      return params.port === port && ended === undefined && ranMs >= readyMs && ranMs < sickMs;
    });
  }

  /** The exit that nobody asked for: as `kill -9` of the task. */
  kill(instance: InstanceId): void {
    for (const task of this.tasks.values()) {
      if (task.found.instance === instance)
        this.#end(task, { kind: "signaled", signal: "SIGKILL" });
    }
  }

  /** The machine loses power: nobody knows how its tasks ended. */
  powerOff(): void {
    for (const task of this.tasks.values()) {
      this.#end(task, { kind: "unknown", reason: "the machine lost power" });
    }
  }

  /** Nothing is left of any task. */
  wipe(): void {
    this.powerOff();
    this.tasks.clear();
  }

  /** @throws Unavailable while the engine is down */
  check(): void {
    if (this.isDown) throw new Unavailable("the engine does not answer");
  }

  start(
    instance: InstanceId,
    attempt: number,
    params: VirtualParams,
    { service, limits = noResources, volumes = [] }: StartContext,
  ): VirtualTask {
    const other = this.running().find((found) => found.instance === instance);
    if (other !== undefined && other.attempt !== attempt) {
      this.violations.push(`${instance}: attempts ${other.attempt} and ${attempt} run at once`);
    }
    const handle = { pid: ++this.#pids };
    const task: VirtualTask = {
      found: { instance, attempt, handle },
      service,
      params,
      limits,
      volumes: volumes.map(({ name }) => name),
      startedAt: this.#scheduler.now,
      watchers: new Set(),
    };
    this.#checkWriters(task);
    this.tasks.set(taskKey(instance, attempt), task);
    this.history.push(task);
    this.#checkRoom(task);
    const { runMs, exitCode } = params;
    if (runMs !== undefined) {
      const exit: Exit = { kind: "exited", code: exitCode ?? 0 };
      this.#scheduler.after(runMs, () => this.#end(task, exit), this.#owner);
    }
    return task;
  }

  /** What runs here, together. */
  get used(): Limits {
    return sumOf([...this.tasks.values()].filter(({ ended }) => !ended).map((it) => it.limits));
  }

  #checkWriters({ service, volumes }: VirtualTask): void {
    for (const other of this.tasks.values()) {
      const shared = other.ended ? undefined : volumes.find((name) => other.volumes.includes(name));
      if (shared === undefined) continue;
      this.violations.push(`${service} and ${other.service} both write to volume ${shared}`);
    }
  }

  #checkRoom({ service, limits }: VirtualTask): void {
    if (isNothing(limits)) return;
    const { memoryBytes, milliCpus } = this.capacity;
    const { used } = this;
    if (used.memoryBytes <= memoryBytes && used.milliCpus <= milliCpus) return;
    this.violations.push(`${service} was started where there was no room for it`);
  }

  stop(task: VirtualTask, { signal }: StopOptions): void {
    this.#scheduler.after(stopMs, () => this.#end(task, { kind: "signaled", signal }), this.#owner);
  }

  #end(task: VirtualTask, exit: Exit): void {
    if (task.ended) return;
    task.ended = { exit, atMs: this.#scheduler.now };
    for (const tell of task.watchers) tell();
    task.watchers.clear();
  }
}

function taskKey(instance: InstanceId, attempt: number): string {
  return `${instance}/${attempt}`;
}
