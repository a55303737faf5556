/**
 * The engine's API, through dockerode: what the driver asks of it, in the driver's words, with errors
 * that tell an engine that refuses from one that does not answer. dockerode is loaded with the first call.
 */
import { access } from "node:fs/promises";
import type { Duplex, Readable } from "node:stream";
import type Dockerode from "dockerode";
import Type from "typebox";
import { Compile } from "typebox/compile";
import { messageOf, Unavailable } from "../../core/errors.ts";
import type { TaskStats, TerminalSize } from "../provider.ts";
import { type ContainerState, parseContainer } from "./container-state.ts";
import { parseStats } from "./container-stats.ts";
import { jsonLines } from "./json-lines.ts";

/** The engine answered, and will not: what it said is the message. */
export class EngineRefused extends Unavailable {
  /** Of HTTP. */
  readonly status: number;

  constructor(message: string, status: number, cause: unknown) {
    super(message, { cause });
    this.status = status;
  }
}

/** A user and password, or what else a registry takes, as the engine wants it. */
export type RegistryLogin = Readonly<Record<string, string>>;

/** Longest that a call may take which gives no stream. */
const callTimeoutMs = 120_000;

const isInfo = Compile(Type.Object({ MemoryLimit: Type.Boolean(), CpuCfsQuota: Type.Boolean() }));

const hasEnded = /can only kill running containers/;

export class Engine {
  readonly socketPath: string;
  readonly #name: string;
  #client: Promise<Dockerode> | undefined;

  /** @param name the engine's, for people */
  constructor(name: string, socketPath: string) {
    this.#name = name;
    this.socketPath = socketPath;
  }

  async version(): Promise<string> {
    return (await this.#call((client) => client.version())).Version;
  }

  /** Why it cannot limit the memory and CPU time of containers; undefined: it can. */
  async whyNoLimits(): Promise<string | undefined> {
    const info: unknown = await this.#call((client) => client.info());
    if (!isInfo.Check(info)) return `${this.#name} does not say whether it can`;
    const missing = [
      ...(info.MemoryLimit ? [] : ["memory"]),
      ...(info.CpuCfsQuota ? [] : ["CPU time"]),
    ];
    if (missing.length === 0) return undefined;
    return `${this.#name} cannot limit ${missing.join(" and ")} on this machine`;
  }

  /** Undefined when there is no such container. @param id or name */
  async inspect(id: string): Promise<ContainerState | undefined> {
    const found = await this.#unless(404, (client) => client.getContainer(id).inspect());
    return found === undefined ? undefined : parseContainer(found);
  }

  /** The ids of all containers that have every one of `labels` (`name=value`), whatever their state. */
  async list(labels: readonly string[]): Promise<readonly string[]> {
    const options = { all: true, filters: { label: [...labels] } };
    const found = await this.#call((client) => client.listContainers(options));
    return found.map(({ Id }) => Id);
  }

  /** The id of the new container. @throws EngineRefused with status 409 when its name is taken */
  async create(options: Dockerode.ContainerCreateOptions): Promise<string> {
    return (await this.#call((client) => client.createContainer(options))).id;
  }

  async connect(network: string, id: string): Promise<void> {
    await this.#call((client) => client.getNetwork(network).connect({ Container: id }));
  }

  /** One that runs already is no error. */
  async start(id: string): Promise<void> {
    await this.#unless(304, (client) => client.getContainer(id).start());
  }

  /** One that does not run, or is not there, is no error. */
  async signal(id: string, signal: string): Promise<void> {
    try {
      await this.#unless([404, 409], (client) => client.getContainer(id).kill({ signal }));
    } catch (error) {
      // Podman's word for one that has ended in this moment; to others that have it says 409.
      const isOver = error instanceof EngineRefused && hasEnded.test(error.message);
      if (!isOver) throw error;
    }
  }

  /** One that is paused is no error. @throws EngineRefused with why it cannot be */
  async pause(id: string): Promise<void> {
    try {
      await this.#call((client) => client.getContainer(id).pause());
    } catch (error) {
      if (!(error instanceof EngineRefused) || (await this.inspect(id))?.isPaused !== true)
        throw error;
    }
  }

  /** One that is not paused is no error. */
  async unpause(id: string): Promise<void> {
    await this.#unless([404, 409, 500], (client) => client.getContainer(id).unpause());
  }

  /** Kills it if it runs, and removes it with its anonymous volumes. One that is not there is no error. */
  async remove(id: string): Promise<void> {
    const options = { force: true, v: true };
    await this.#unless(404, (client) => client.getContainer(id).remove(options));
  }

  /**
   * Begins a command in a container that runs. The stream has what it writes, as it is from a terminal and else
   * multiplexed, until it has ended; and takes what it reads.
   * @throws EngineRefused where the container does not run
   */
  async exec(
    id: string,
    command: readonly string[],
    { hasInput, hasTerminal: Tty }: { readonly hasInput: boolean; readonly hasTerminal: boolean },
  ): Promise<{ readonly exec: string; readonly stream: Duplex }> {
    const attached = { AttachStdin: hasInput, AttachStdout: true, AttachStderr: true };
    const options = { Cmd: [...command], Tty, ...attached };
    const made = await this.#call((client) => client.getContainer(id).exec(options));
    const begin = { hijack: true, stdin: hasInput, Tty };
    const stream = await this.#stream<Duplex>(async () => await made.start(begin));
    return { exec: made.id, stream };
  }

  async resizeExec(exec: string, { rows, columns }: TerminalSize): Promise<void> {
    await this.#call((client) => client.getExec(exec).resize({ h: rows, w: columns }));
  }

  /** What became of a command. `code` null: it runs. `pid`: on the host. */
  async execState(exec: string): Promise<{ readonly code: number | null; readonly pid: number }> {
    const told = await this.#call((client) => client.getExec(exec).inspect());
    return { code: told.Running ? null : told.ExitCode, pid: told.Pid };
  }

  /** What a container uses now. @throws Unavailable when it does not run */
  async stats(id: string): Promise<TaskStats> {
    const once = { stream: false, "one-shot": true } as const;
    return parseStats(await this.#call((client) => client.getContainer(id).stats(once)));
  }

  async hasImage(image: string): Promise<boolean> {
    const found = await this.#unless(404, (client) => client.getImage(image).inspect());
    return found !== undefined;
  }

  /** What the engine tells of the pull, as it goes on. It ends with the pull; an error of it is told there. */
  async pull(image: string, login: RegistryLogin | undefined): Promise<AsyncIterable<unknown>> {
    const options = login === undefined ? {} : { authconfig: { ...login } };
    const stream = await this.#stream((client) => client.pull(image, options));
    return this.#told(jsonLines(stream));
  }

  /**
   * The log of a container from `second` on (Unix time), multiplexed, each entry with its time before
   * it; ends once the container has ended and all is told. What is before `second` may be told as well.
   */
  async log(id: string, second: number, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    const options = {
      follow: true as const,
      stdout: true,
      stderr: true,
      timestamps: true,
      since: second,
      abortSignal: signal,
    };
    return this.#told(
      await this.#stream(async (client) => client.getContainer(id).logs(options), signal),
    );
  }

  /** What happens to the containers that have `label`, from now on: the ids of those concerned. */
  async events(label: string, signal: AbortSignal): Promise<AsyncIterable<unknown>> {
    const options = {
      filters: { type: ["container" as const], label: [label] },
      abortSignal: signal,
    };
    const stream = await this.#stream((client) => client.getEvents(options), signal);
    return this.#told(jsonLines(stream));
  }

  #load(): Promise<Dockerode> {
    this.#client ??= this.#find().catch((error: unknown) => {
      this.#client = undefined; // It may be there next time.
      throw error;
    });
    return this.#client;
  }

  /** A node of a machine without the engine has no need of its client. */
  async #find(): Promise<Dockerode> {
    await access(this.socketPath);
    const { default: Docker } = await import("dockerode");
    // `host` undefined: dockerode would take DOCKER_HOST before the path that it is given.
    const options = { socketPath: this.socketPath, host: undefined };
    return new Docker(options as Dockerode.DockerOptions);
  }

  async #call<T>(ask: (client: Dockerode) => Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const error = new Unavailable(`it did not answer within ${callTimeoutMs / 1_000} s`);
      timer = setTimeout(() => reject(error), callTimeoutMs).unref();
    });
    try {
      return await Promise.race([this.#load().then(ask), late]);
    } catch (error) {
      throw this.#errorOf(error);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Undefined when the engine answers with one of these statuses. */
  async #unless<T>(
    status: number | readonly number[],
    ask: (client: Dockerode) => Promise<T>,
  ): Promise<T | undefined> {
    try {
      return await this.#call(ask);
    } catch (error) {
      if (error instanceof EngineRefused && [status].flat().includes(error.status))
        return undefined;
      throw error;
    }
  }

  async #stream<S extends Readable = Readable>(
    ask: (client: Dockerode) => Promise<NodeJS.ReadableStream | undefined>,
    signal?: AbortSignal,
  ): Promise<S> {
    try {
      const stream = (await ask(await this.#load())) as S;
      signal?.addEventListener("abort", () => stream.destroy(), { once: true });
      return stream;
    } catch (error) {
      throw this.#errorOf(error);
    }
  }

  async *#told<T>(stream: AsyncIterable<T>): AsyncIterable<T> {
    try {
      yield* stream;
    } catch (error) {
      throw this.#errorOf(error);
    }
  }

  #errorOf(error: unknown): Unavailable {
    if (error instanceof EngineRefused) return error;
    const { statusCode, json } = error as { statusCode?: unknown; json?: { message?: unknown } };
    if (typeof statusCode === "number") {
      const said = typeof json?.message === "string" ? json.message : messageOf(error);
      return new EngineRefused(said.trim(), statusCode, error);
    }
    const why = whyNoAnswer(error, this.socketPath);
    return new Unavailable(`${this.#name} does not answer: ${why}`, { cause: error });
  }
}

function whyNoAnswer(error: unknown, path: string): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ENOENT") return `there is no ${path}`;
  if (code === "ECONNREFUSED") return `nobody listens at ${path}`;
  if (code === "EACCES") return `the node's user may not use ${path}`;
  return messageOf(error);
}
