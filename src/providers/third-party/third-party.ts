/**
 * A provider of a third party, in a process of its own. When that dies or does not answer it is started
 * again, later and later, and takes up its tasks; until then what is asked of it is refused, as of an
 * engine that is away.
 */
import { setTimeout } from "node:timers/promises";
import { Conflict, messageOf, Unavailable } from "../../core/errors.ts";
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
import type { Created, CreateRequest, LoadRequest, ProviderCalls } from "./messages.ts";
import { ProviderProcess, type ProviderProcessOptions } from "./provider-process.ts";
import { runCommand, runConsole } from "./remote-command.ts";
import { remoteFunctions } from "./remote-functions.ts";
import { RemoteOutput } from "./remote-output.ts";
import { RemoteTask } from "./remote-task.ts";
import { toldCapabilities } from "./told-capabilities.ts";

export interface ThirdPartyOptions extends ProviderProcessOptions {
  readonly load: LoadRequest;
  readonly create: CreateRequest;
}

/** A module that its process has loaded, and that has made no provider yet. */
export interface ThirdPartyModule {
  readonly type: string;
  /** @throws Unavailable with why it cannot be offered; then its process has ended */
  create(): Promise<ThirdParty>;
  /** Ends its process. */
  discard(why: string): Promise<void>;
}

/** Before it is started again: doubling from the least to the most, anew after a minute of life. */
const waitMsLeast = 1_000;
const waitMsMost = 60_000;
/** Longest that its process may take to close what it holds. */
const closeMsMax = 5_000;

/** A start of which nobody knows what came of it. */
type Unsettled = Pick<FoundTask, "instance" | "attempt">;

export class ThirdParty implements Provider {
  readonly type: string;
  readonly exec?: NonNullable<Provider["exec"]>;
  readonly terminals?: true;
  readonly console?: NonNullable<Provider["console"]>;
  readonly invocable?: Invocable;
  readonly stats?: NonNullable<Provider["stats"]>;
  readonly leftovers?: Leftovers;
  readonly #options: ThirdPartyOptions;
  readonly #closing = new AbortController();
  readonly #tasks = new Map<string, RemoteTask>();
  readonly #outputs = new Set<RemoteOutput>();
  readonly #unsettled = new Map<string, Unsettled>();
  readonly #settling = new Map<string, Promise<void>>();
  /** Undefined while it is away. */
  #process: ProviderProcess | undefined;
  #waitingForIt: (() => void)[] = [];
  #doubted: () => void = () => {};
  #why = "";

  /** Starts its process and loads it. @throws Unavailable with why it cannot be */
  static async load(options: ThirdPartyOptions): Promise<ThirdPartyModule> {
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
    options: ThirdPartyOptions,
  ) {
    this.type = type;
    this.#options = options;
    this.#process = process;
    const there = () => this.#there();
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
    void this.#keepUp(process);
  }

  /** As it came: what it should be is the provider's to say, in its own process. */
  parseParams(input: unknown): unknown {
    return input;
  }

  /** @throws InvalidSpec with every error and its path below `params`; Unavailable */
  async check(params: unknown): Promise<void> {
    await this.#there().call("check", { params });
  }

  async probe(): Promise<Capabilities> {
    try {
      return toldCapabilities(await this.#there().call("probe", undefined));
    } catch (error) {
      return { available: false, reason: messageOf(error) };
    }
  }

  async start(instance: InstanceId, params: unknown, context: TaskContext): Promise<Handle> {
    const process = this.#there();
    const { progress, ...plain } = context;
    const { attempt } = context;
    for (const [key, start] of this.#unsettled) {
      if (start.instance === instance && start.attempt !== attempt) await this.#settled(key, start);
    }
    const key = keyOf(instance, attempt);
    try {
      const request = { instance, params, context: plain };
      const handle = await process.call("start", request, progress && { progress });
      this.#unsettled.delete(key);
      return handle;
    } catch (error) {
      if (process.hasEnded) this.#unsettled.set(key, { instance, attempt });
      throw error;
    }
  }

  async list(instance?: InstanceId): Promise<readonly FoundTask[]> {
    return await this.#there().call("list", { instance });
  }

  async adopt(found: FoundTask): Promise<Task | Gone> {
    const key = keyOf(found.instance, found.attempt);
    const held = this.#tasks.get(key);
    if (held !== undefined) return held;
    const task = new RemoteTask({
      found,
      whenThere: () => this.#whenThere(),
      onLetGo: () => this.#tasks.delete(key),
    });
    const adopted = await task.adoptIn(this.#there());
    if (adopted.gone) return { ...adopted, gone: true };
    this.#tasks.set(key, task);
    return task;
  }

  async output(instance: InstanceId, limits: LogLimits): Promise<Output> {
    const output = new RemoteOutput(instance, limits, () => this.#there());
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
    await this.#there().call("forget", { instance, attempt });
  }

  async remove(instance: InstanceId): Promise<void> {
    const process = this.#there();
    for (const [key, task] of this.#tasks) if (isOf(instance, key)) task.release();
    await process.call("remove", { instance });
    for (const key of this.#unsettled.keys()) if (isOf(instance, key)) this.#unsettled.delete(key);
  }

  watch(doubted: () => void): void {
    this.#doubted = doubted;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#tell();
    const process = this.#process;
    if (process === undefined) return;
    for (const task of this.#tasks.values()) task.release();
    const closed = process.call("close", undefined).catch(() => {}); // It goes in any case.
    await Promise.race([closed, setTimeout(closeMsMax, undefined, { ref: false })]);
    process.end("its node has stopped");
    await process.ended;
  }

  /** Has it run again whenever it has ended, until it is closed. Never rejects. */
  async #keepUp(first: ProviderProcess): Promise<void> {
    const { signal } = this.#closing;
    let waitMs = waitMsLeast;
    for (let process: ProviderProcess | undefined = first; !signal.aborted; ) {
      const beganAt = performance.now();
      if (process !== undefined) {
        this.#why = await process.ended;
        this.#process = undefined;
      }
      if (signal.aborted) return;
      this.#doubted();
      if (performance.now() - beganAt > waitMsMost) waitMs = waitMsLeast;
      const why = this.#why;
      this.#options.log.warn("a provider is away, and is started again", { why, inMs: waitMs });
      await setTimeout(waitMs, undefined, { ref: false, signal }).catch(() => {}); // Closed.
      waitMs = Math.min(waitMs * 2, waitMsMost);
      process = signal.aborted ? undefined : await this.#startAgain();
    }
  }

  /** Undefined when it cannot be had again yet. */
  async #startAgain(): Promise<ProviderProcess | undefined> {
    const process = new ProviderProcess(this.#options);
    try {
      const { type } = await firstCall(process, "load", this.#options.load);
      if (type !== this.type) throw new Unavailable(`it is of type ${type} now`);
      await firstCall(process, "create", this.#options.create);
    } catch (error) {
      process.end(messageOf(error));
      this.#why = messageOf(error);
      return undefined;
    }
    this.#process = process;
    this.#options.log.info("a provider is back", { pid: process.pid });
    this.#takeUp(process);
    this.#tell();
    return process;
  }

  /** All that the node holds of it, and what was left half done. */
  #takeUp(process: ProviderProcess): void {
    const left = (error: unknown) => {
      if (process.hasEnded) return;
      process.end(`it did not take its tasks up again: ${messageOf(error)}`);
    };
    for (const task of this.#tasks.values()) task.adoptIn(process).catch(left);
    for (const [key, start] of this.#unsettled) this.#settled(key, start).catch(left);
    for (const output of this.#outputs) output.takeUp();
  }

  #settled(key: string, start: Unsettled): Promise<void> {
    const settling =
      this.#settling.get(key) ?? this.#settle(key, start).finally(() => this.#settling.delete(key));
    this.#settling.set(key, settling);
    return settling;
  }

  /** Ends what came of a start whose failure was told: no one knows of it but the engine. */
  async #settle(key: string, { instance, attempt }: Unsettled): Promise<void> {
    const process = this.#there();
    const tasks = await process.call("list", { instance });
    const found = tasks.find((task) => task.attempt === attempt);
    if (found !== undefined && this.#unsettled.has(key)) {
      const number = process.nextNumber();
      const { gone } = await process.call("adopt", { task: number, found });
      const options = { signal: "SIGKILL", graceMs: 0 };
      if (!gone) await process.call("stop", { task: number, options });
      await process.call("forget", { instance, attempt });
    }
    this.#unsettled.delete(key);
  }

  #there(): ProviderProcess {
    if (this.#process !== undefined && !this.#process.hasEnded) return this.#process;
    throw new Unavailable(`the provider ${this.type} is away, and is started again: ${this.#why}`);
  }

  async #whenThere(): Promise<ProviderProcess> {
    while (this.#process === undefined || this.#process.hasEnded) {
      if (this.#closing.signal.aborted) throw new Unavailable("its node is stopping");
      await new Promise<void>((resolve) => this.#waitingForIt.push(resolve));
    }
    return this.#process;
  }

  #tell(): void {
    const waiting = this.#waitingForIt;
    this.#waitingForIt = [];
    for (const resolve of waiting) resolve();
  }
}

/** One of those that make a provider. @throws Unavailable with why it fails; then its process has ended */
async function firstCall<M extends "load" | "create">(
  process: ProviderProcess,
  method: M,
  request: ProviderCalls[M]["request"],
): Promise<ProviderCalls[M]["reply"]> {
  try {
    return await process.call(method, request);
  } catch (error) {
    const hadEnded = process.hasEnded;
    process.end(messageOf(error));
    const why = await process.ended;
    throw hadEnded ? new Unavailable(why) : error;
  }
}

function keyOf(instance: InstanceId, attempt: number): string {
  return `${instance}.${attempt}`;
}

function isOf(instance: InstanceId, key: string): boolean {
  return key.startsWith(`${instance}.`);
}
