/**
 * Runs a container as a task, through an engine that speaks Docker's API. The engine is the keeper: its
 * containers outlive the node, and their labels say whose they are. What is particular to an engine is in
 * its dialect.
 */
import { mkdirSync, realpathSync } from "node:fs";
import { rm } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { Conflict, messageOf, Unavailable } from "../../core/errors.ts";
import type { InstanceId } from "../../core/ids.ts";
import { Archiver } from "../../keeper/archiver.ts";
import { lostExit } from "../../keeper/exit.ts";
import { limitsFeature } from "../limits-feature.ts";
import type { DeclaredParams } from "../params.ts";
import type {
  Capabilities,
  ExecRequest,
  Exit,
  FoundTask,
  Gone,
  Handle,
  Leftovers,
  LogLimits,
  Output,
  Provider,
  ProviderOptions,
  Task,
  TaskContext,
  TaskStats,
} from "../provider.ts";
import { containerOptions } from "./container-options.ts";
import type { ContainerState } from "./container-state.ts";
import { ContainerTask, copyRest, handleOf, removedByOthers } from "./container-task.ts";
import { type Dialect, socketPathOf } from "./dialect.ts";
import { Engine } from "./engine.ts";
import { EngineWatch } from "./engine-watch.ts";
import { execIn } from "./exec-in.ts";
import { Images } from "./images.ts";
import { labelFilter, nodeLabel, type TaskName, type TaskOwner, taskOf } from "./labels.ts";
import { containerLeftovers } from "./leftovers.ts";
import { LogCopy } from "./log-copy.ts";
import type { ContainerParams } from "./params.ts";
import { patiently } from "./patience.ts";

/** A container and the task that it is. */
interface OwnContainer {
  readonly task: TaskName;
  readonly state: ContainerState;
}

export class Containers implements Provider<ContainerParams> {
  readonly type: string;
  readonly parseParams: (input: unknown) => ContainerParams;
  readonly terminals = true;
  readonly leftovers: Leftovers;
  readonly #owner: TaskOwner;
  readonly #options: ProviderOptions;
  readonly #dialect: Dialect;
  readonly #engine: Engine;
  readonly #watch: EngineWatch;
  readonly #images: Images;
  readonly #archiver: Archiver;
  /** By instance and attempt, as all that follow. */
  readonly #starting = new Map<string, Promise<Handle>>();
  readonly #tasks = new Map<string, ContainerTask>();
  readonly #whyNoOwnHealth: string | undefined;
  readonly #closing = new AbortController();

  /** @throws Unavailable when the folder cannot be made, or the engine is not on this host */
  constructor(options: ProviderOptions, dialect: Dialect, params: DeclaredParams<ContainerParams>) {
    const { folder, node, network, env, log, registryLogins } = options;
    this.type = dialect.type;
    this.parseParams = params.parse;
    this.#options = options;
    this.#dialect = dialect;
    this.#whyNoOwnHealth = dialect.whyNoOwnHealth();
    this.#engine = new Engine(dialect.name, socketPathOf(dialect, env));
    this.#watch = new EngineWatch(this.#engine, `${nodeLabel}=${node}`, log);
    this.#images = new Images({ engine: this.#engine, loginsFile: registryLogins, log });
    this.#archiver = new Archiver(folder, log);
    try {
      mkdirSync(join(folder, "instances"), { recursive: true, mode: 0o700 });
      this.#owner = { folder: realpathSync(folder), host: hostname(), network };
    } catch (cause) {
      throw new Unavailable(`Cannot write to ${folder}: ${messageOf(cause)}`, { cause });
    }
    this.leftovers = containerLeftovers(this.#engine, node, this.#owner);
  }

  async probe(): Promise<Capabilities> {
    try {
      const version = await this.#engine.version();
      const limits = limitsFeature(await this.#engine.whyNoLimits());
      const features = [...limits.features, "volumes", "pause"];
      const whyNot = this.#whyNoOwnHealth;
      if (whyNot === undefined) features.push("own-health");
      const lacks = { ...limits.lacks, ...(whyNot !== undefined && { "own-health": whyNot }) };
      return { available: true, version, features, lacks };
    } catch (error) {
      return { available: false, reason: messageOf(error) };
    }
  }

  start(instance: InstanceId, params: ContainerParams, context: TaskContext): Promise<Handle> {
    const task = { node: this.#options.node, instance, attempt: context.attempt };
    const key = keyOf(task);
    const known = this.#starting.get(key);
    if (known !== undefined) return known;
    const starting = this.#start(task, params, context).finally(() => this.#starting.delete(key));
    this.#starting.set(key, starting);
    return starting;
  }

  async list(instance?: InstanceId): Promise<readonly FoundTask[]> {
    await this.#started(instance);
    return (await this.#find(instance)).map(({ task, state }) => ({
      instance: task.instance,
      attempt: task.attempt,
      handle: handleOf(state),
    }));
  }

  async adopt({ instance, attempt, handle }: FoundTask): Promise<Task | Gone> {
    const key = keyOf({ instance, attempt });
    const held = this.#tasks.get(key);
    if (held !== undefined) return held;
    const id = String(handle["container"]);
    const state = await this.#engine.inspect(id);
    if (state === undefined || !this.#isOurs(state, instance, attempt)) {
      return { gone: true, exit: removedByOthers, atMs: Date.now() };
    }
    if (state.phase === "created") {
      await this.#engine.remove(id); // A start that is still under way comes to nothing.
      return { gone: true, exit: lostExit("cancelled"), atMs: Date.now() };
    }
    const copy = this.#copyOf(instance, state);
    if (state.phase === "running") return this.#hold(key, instance, state, copy);
    await copyRest(copy, this.#options.log, this.#closing.signal);
    return { gone: true, ...state.end };
  }

  /** The engine gives it all that the container has. */
  exec({ handle }: FoundTask, request: ExecRequest<unknown>): Promise<Exit> {
    const container = { id: String(handle["container"]), pid: Number(handle["pid"] ?? 0) };
    return execIn(this.#engine, container, request);
  }

  async stats({ handle }: FoundTask): Promise<TaskStats> {
    const container = { id: String(handle["container"]), pid: Number(handle["pid"] ?? 0) };
    const told = await this.#engine.stats(container.id);
    return { ...told, memoryBytes: this.#dialect.memoryOf(container) ?? told.memoryBytes };
  }

  output(instance: InstanceId, limits: LogLimits): Promise<Output> {
    return this.#archiver.open(this.#folder(instance), limits);
  }

  async forget(instance: InstanceId, attempt: number): Promise<void> {
    const key = keyOf({ instance, attempt });
    if (this.#tasks.has(key) || this.#starting.has(key)) {
      throw new Conflict(`Attempt ${attempt} of instance ${instance} still runs`);
    }
    for (const { task, state } of await this.#find(instance)) {
      if (task.attempt === attempt) await this.#engine.remove(state.id);
    }
  }

  async remove(instance: InstanceId): Promise<void> {
    await this.#started(instance);
    for (const [key, task] of this.#tasks) if (isOf(instance, key)) await letGo(task);
    for (const { state } of await this.#find(instance)) await this.#engine.remove(state.id);
    await this.#archiver.discard(this.#folder(instance));
    await rm(this.#folder(instance), { recursive: true, force: true });
  }

  watch(doubted: () => void): void {
    this.#watch.onLost(doubted);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    for (const task of this.#tasks.values()) await letGo(task);
    await this.#watch.close();
    await this.#archiver.close();
  }

  async #start(task: TaskName, params: ContainerParams, context: TaskContext): Promise<Handle> {
    const own = await this.#find(task.instance);
    const known = own.find((one) => one.task.attempt === task.attempt);
    if (known !== undefined && known.state.phase !== "created") return handleOf(known.state);
    // Where the engine went away in the midst of a start, nobody knows of it but the engine.
    for (const { task: other, state } of own) {
      const isLeft = other.attempt < task.attempt && state.phase !== "ended";
      if (isLeft) await this.#engine.remove(state.id);
    }
    await this.#images.provide(params, context.progress ?? (() => {}));
    mkdirSync(this.#folder(task.instance), { recursive: true, mode: 0o700 });
    const id = known?.state.id ?? (await this.#create(task, params, context));
    try {
      for (const network of params.networks.slice(1)) await this.#engine.connect(network, id);
      await this.#engine.start(id);
      const state = await this.#engine.inspect(id);
      return state === undefined ? { container: id } : handleOf(state);
    } catch (error) {
      await this.#clear(id);
      throw error;
    }
  }

  /** Makes the container, which is the intent to run it. */
  async #create(task: TaskName, params: ContainerParams, context: TaskContext): Promise<string> {
    try {
      const options = containerOptions(params, task, context, this.#dialect, this.#owner);
      return (await this.#engine.create(options)).slice(0, 12);
    } catch (error) {
      // One that a node asked for and did not live to see may have been made since we looked.
      const own = await this.#find(task.instance);
      const made = own.find((one) => one.task.attempt === task.attempt);
      if (made !== undefined) return made.state.id;
      throw error;
    }
  }

  /** Nothing stays of a start that failed: where the engine does not answer, once it does. */
  async #clear(id: string): Promise<void> {
    const remove = () => this.#engine.remove(id);
    await remove().catch(() => {
      patiently(remove, this.#closing.signal).catch((error: unknown) =>
        this.#options.log.warn("what is left of a failed start could not be removed", { error }),
      );
    });
  }

  #hold(key: string, instance: InstanceId, state: ContainerState, copy: LogCopy): ContainerTask {
    const task = new ContainerTask({
      engine: this.#engine,
      watch: this.#watch,
      copy,
      log: this.#options.log,
      state: this.#whyNoOwnHealth === undefined ? state : { ...state, health: undefined },
      onLetGo: () => {
        this.#tasks.delete(key);
        void this.#archiver.look(this.#folder(instance));
      },
    });
    this.#tasks.set(key, task);
    return task;
  }

  #copyOf(instance: InstanceId, state: ContainerState): LogCopy {
    const source = this.#dialect.logSource(this.#engine, state);
    return new LogCopy({ source, container: state.id, folder: this.#folder(instance) });
  }

  /** This node's containers in the engine: of one instance, or all. */
  async #find(instance?: InstanceId): Promise<readonly OwnContainer[]> {
    const ids = await this.#engine.list(labelFilter(this.#options.node, instance));
    const own: OwnContainer[] = [];
    for (const id of ids) {
      const state = await this.#engine.inspect(id);
      const task = state && taskOf(state.labels);
      if (state !== undefined && task !== undefined) own.push({ task, state });
    }
    return own;
  }

  /** Whether it is the very container, and no other that somebody has put in its place. */
  #isOurs({ labels }: ContainerState, instance: InstanceId, attempt: number): boolean {
    const task = taskOf(labels);
    return (
      task?.node === this.#options.node && task.instance === instance && task.attempt === attempt
    );
  }

  /** Resolves when no start is under way: of an instance, or at all. */
  async #started(instance?: InstanceId): Promise<void> {
    const starts = [...this.#starting].filter(
      ([key]) => instance === undefined || isOf(instance, key),
    );
    await Promise.allSettled(starts.map(([, start]) => start));
  }

  #folder(instance: InstanceId): string {
    return join(this.#options.folder, "instances", instance);
  }
}

function keyOf({ instance, attempt }: Pick<TaskName, "instance" | "attempt">): string {
  return `${instance}.${attempt}`;
}

function isOf(instance: InstanceId, key: string): boolean {
  return key.startsWith(`${instance}.`);
}

async function letGo(task: ContainerTask): Promise<void> {
  task.release();
  await task.idle();
}
