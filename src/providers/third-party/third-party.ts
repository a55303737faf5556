/**
 * A provider of a third party, in a process of its own. When that has been away it takes up its tasks; while
 * it is away what is asked of it is refused, as of an engine that is.
 */
import { Conflict, messageOf } from "../../core/errors.ts";
import type { InstanceId } from "../../core/ids.ts";
import type {
  Capabilities,
  FoundTask,
  Gone,
  Handle,
  Invocable,
  Leftovers,
  LogLimits,
  Output,
  Provider,
  Task,
  TaskContext,
} from "../provider.ts";
import { firstCall, LastingProcess, type LastingProcessOptions } from "./lasting-process.ts";
import type { Created } from "./messages.ts";
import { ProviderProcess } from "./provider-process.ts";
import { runCommand, runConsole } from "./remote-command.ts";
import { remoteFunctions } from "./remote-functions.ts";
import { RemoteOutput } from "./remote-output.ts";
import { RemoteTask } from "./remote-task.ts";
import { toldCapabilities } from "./told-capabilities.ts";
import { UnsettledStarts } from "./unsettled-starts.ts";

/** A module that its process has loaded, and that has made no provider yet. */
export interface ThirdPartyModule {
  readonly type: string;
  /** @throws Unavailable with why it cannot be offered; then its process has ended */
  create(): Promise<ThirdParty>;
  /** Ends its process. */
  discard(why: string): Promise<void>;
}

export class ThirdParty implements Provider {
  readonly type: string;
  readonly exec?: NonNullable<Provider["exec"]>;
  readonly terminals?: true;
  readonly console?: NonNullable<Provider["console"]>;
  readonly invocable?: Invocable;
  readonly stats?: NonNullable<Provider["stats"]>;
  readonly leftovers?: Leftovers;
  readonly #process: LastingProcess;
  readonly #tasks = new Map<string, RemoteTask>();
  readonly #outputs = new Set<RemoteOutput>();
  readonly #unsettled = new UnsettledStarts(() => this.#process.there());
  #doubted: () => void = () => {};

  /** Starts its process and loads it. @throws Unavailable with why it cannot be */
  static async load(options: LastingProcessOptions): Promise<ThirdPartyModule> {
    const process = new ProviderProcess(options);
    const { type } = await firstCall(process, "load", options.load);
    return {
      type,
      async create() {
        const { has } = await firstCall(process, "create", options.create);
        return new ThirdParty(type, has, process, options);
      },
      async discard(why) {
        process.end(why);
        await process.ended;
      },
    };
  }

  private constructor(
    type: string,
    has: Created["has"],
    process: ProviderProcess,
    options: LastingProcessOptions,
  ) {
    this.type = type;
    this.#process = new LastingProcess(type, process, options, {
      away: () => this.#doubted(),
      back: (next) => this.#takeUp(next),
    });
    const there = () => this.#process.there();
    if (has.exec) this.exec = async (found, request) => await runCommand(there(), found, request);
    if (has.terminals) this.terminals = true;
    if (has.console) {
      this.console = async (found, request) => await runConsole(there(), found, request);
    }
    if (has.invocable) this.invocable = remoteFunctions(there);
    if (has.stats) this.stats = async (found) => await there().call("stats", { found });
    if (has.leftovers) {
      this.leftovers = {
        list: async () => await there().call("listLeftovers", undefined),
        remove: async (id) => await there().call("removeLeftover", { id }),
      };
    }
  }

  /** As it came: what it should be is the provider's to say, in its own process. */
  parseParams(input: unknown): unknown {
    return input;
  }

  /** @throws InvalidSpec with every error and its path below `params`; Unavailable */
  async check(params: unknown): Promise<void> {
    await this.#process.there().call("check", { params });
  }

  async probe(): Promise<Capabilities> {
    try {
      return toldCapabilities(await this.#process.there().call("probe", undefined));
    } catch (error) {
      return { available: false, reason: messageOf(error) };
    }
  }

  async start(instance: InstanceId, params: unknown, context: TaskContext): Promise<Handle> {
    const process = this.#process.there();
    const { progress, ...plain } = context;
    const own = { instance, attempt: context.attempt };
    await this.#unsettled.settleBefore(own);
    try {
      const request = { instance, params, context: plain };
      const handle = await process.call("start", request, progress && { progress });
      this.#unsettled.delete(own);
      return handle;
    } catch (error) {
      if (process.hasEnded) this.#unsettled.add(own);
      throw error;
    }
  }

  async list(instance?: InstanceId): Promise<readonly FoundTask[]> {
    return await this.#process.there().call("list", { instance });
  }

  async adopt(found: FoundTask): Promise<Task | Gone> {
    const key = keyOf(found.instance, found.attempt);
    const held = this.#tasks.get(key);
    if (held !== undefined) return held;
    const task = new RemoteTask({
      found,
      whenThere: () => this.#process.whenThere(),
      onLetGo: () => this.#tasks.delete(key),
    });
    const adopted = await task.adoptIn(this.#process.there());
    if (adopted.gone) return { ...adopted, gone: true };
    if (!task.isOver) this.#tasks.set(key, task); // It may have ended already.
    return task;
  }

  async output(instance: InstanceId, limits: LogLimits): Promise<Output> {
    const output = new RemoteOutput(instance, limits, () => this.#process.there());
    await output.open();
    this.#outputs.add(output);
    return {
      read: (cursor, bytesMax) => output.read(cursor, bytesMax),
      tail: (lines) => output.tail(lines),
      watch: (changed) => output.watch(changed),
      close: () => {
        this.#outputs.delete(output);
        return output.close();
      },
    };
  }

  async forget(instance: InstanceId, attempt: number): Promise<void> {
    if (this.#tasks.has(keyOf(instance, attempt))) {
      throw new Conflict(`Attempt ${attempt} of instance ${instance} still runs`);
    }
    await this.#process.there().call("forget", { instance, attempt });
  }

  async remove(instance: InstanceId): Promise<void> {
    const process = this.#process.there();
    for (const [key, task] of this.#tasks) if (isOf(instance, key)) task.release();
    await process.call("remove", { instance });
    this.#unsettled.forget(instance);
  }

  watch(doubted: () => void): void {
    this.#doubted = doubted;
  }

  async close(): Promise<void> {
    for (const task of this.#tasks.values()) task.release();
    await this.#process.close();
  }

  /** All that the node holds of it, and what was left half done. */
  #takeUp(process: ProviderProcess): void {
    const left = (error: unknown) => {
      if (process.hasEnded) return;
      process.end(`it did not take its tasks up again: ${messageOf(error)}`);
    };
    for (const task of this.#tasks.values()) task.adoptIn(process).catch(left);
    this.#unsettled.settleAll(left);
    for (const output of this.#outputs) output.takeUp();
  }
}

function keyOf(instance: InstanceId, attempt: number): string {
  return `${instance}.${attempt}`;
}

function isOf(instance: InstanceId, key: string): boolean {
  return key.startsWith(`${instance}.`);
}
