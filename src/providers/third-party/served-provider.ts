/**
 * The provider's end of the channel: carries out what the node asks of a provider, in its process, and
 * tells what becomes of tasks, outputs and commands.
 */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Conflict, messageOf, NotFound, Unavailable } from "../../core/errors.ts";
import type { Log } from "../../core/log.ts";
import type { RecordedExit } from "../../keeper/exit.ts";
import type { Output, Pausing, Provider, Task } from "../provider.ts";
import { createFrom, loadModule } from "./load-module.ts";
import type {
  Asked,
  CallName,
  CommandRequest,
  ConsoleCall,
  CreateRequest,
  LoadRequest,
  ProviderCalls,
  Told,
} from "./messages.ts";
import type { ProviderModule } from "./provider-module.ts";
import { providerTools } from "./provider-tools.ts";
import { ServedCommand } from "./served-command.ts";

type Handlers = {
  readonly [M in CallName]: (
    request: ProviderCalls[M]["request"],
    call: number,
  ) => Promise<ProviderCalls[M]["reply"]>;
};

interface OpenOutput {
  readonly output: Output;
  unwatch?: () => void;
}

const pausingMethods = ["pause", "resume", "watch"] as const satisfies (keyof Pausing)[];
const outputMethods = ["read", "tail", "watch", "close"] as const satisfies (keyof Output)[];

export class ServedProvider {
  readonly #tell: (told: Told) => void;
  readonly #tasks = new Map<number, Task>();
  readonly #outputs = new Map<number, OpenOutput>();
  readonly #commands = new Map<number, ServedCommand>();
  #module: ProviderModule | undefined;
  #provider: Provider | undefined;

  constructor(tell: (told: Told) => void) {
    this.#tell = tell;
  }

  /** @throws whatever the provider throws */
  answer({ method, request, call }: Asked): Promise<unknown> {
    const handler: (request: never, call: number) => Promise<unknown> = this.#handlers[method];
    return handler(request as never, call);
  }

  readonly #handlers: Handlers = {
    load: (request) => this.#load(request),
    create: (request) => this.#create(request),
    ping: async () => undefined,
    probe: () => this.#loaded.probe(),
    check: async ({ params }) => {
      this.#loaded.parseParams(params);
    },
    start: ({ instance, params, context }, call) => {
      const progress = (text: string) => this.#tell({ told: "progress", call, text: String(text) });
      const parsed = this.#loaded.parseParams(params);
      return this.#loaded.start(instance, parsed, { ...context, progress });
    },
    list: ({ instance }) => this.#loaded.list(instance),
    adopt: async ({ task: number, found }) => {
      const task = await this.#loaded.adopt(found);
      if (typeof task !== "object" || task === null) {
        throw new TypeError("adopt() should give a task, or { gone, exit, atMs }");
      }
      if ("gone" in task) return { gone: true, exit: task.exit, atMs: task.atMs };
      const pausing = pausingOf(task);
      this.#tasks.set(number, task);
      // After the answer, which says that there is a task at all.
      setImmediate(() => {
        void endOf(task).then((end) => {
          if (this.#tasks.delete(number)) this.#tell({ told: "exited", task: number, end });
        });
        task.watch?.((why) => this.#tell({ told: "condition", task: number, why }));
      });
      const { handle, startedAt, health } = task;
      health?.watch((now) => this.#tell({ told: "health", task: number, health: now }));
      pausing?.watch((isPaused) => this.#tell({ told: "paused", task: number, isPaused }));
      const told = {
        ...(health && { health: health.now }),
        ...(pausing && { isPaused: pausing.now }),
      };
      return { gone: false, handle, startedAt, ...told };
    },
    stop: async ({ task: number, options }) => {
      const task = this.#tasks.get(number);
      if (task === undefined) throw new NotFound("the task has ended");
      await task.stop(options);
      return await endOf(task);
    },
    release: async ({ task }) => {
      const held = this.#tasks.get(task);
      this.#tasks.delete(task);
      held?.release();
    },
    setPaused: async ({ task: number, isPaused }) => {
      const task = this.#tasks.get(number);
      if (task === undefined) throw new NotFound("the task has ended");
      const pausing = pausingOf(task);
      if (pausing === undefined) throw new Conflict("the task cannot be paused any more");
      await (isPaused ? pausing.pause() : pausing.resume());
    },
    output: async ({ output, instance, limits }) => {
      const given = await this.#loaded.output(instance, limits);
      const lacking = outputMethods.filter((name) => typeof given?.[name] !== "function");
      if (lacking.length > 0)
        throw new TypeError(`what output() gives lacks ${lacking.join(", ")}`);
      this.#outputs.set(output, { output: given });
    },
    read: ({ output, cursor, bytesMax }) => this.#open(output).output.read(cursor, bytesMax),
    tail: ({ output, lines }) => this.#open(output).output.tail(lines),
    watch: async ({ output: number }) => {
      const open = this.#open(number);
      open.unwatch ??= open.output.watch(() => this.#tell({ told: "changed", output: number }));
    },
    unwatch: async ({ output }) => {
      const open = this.#open(output);
      open.unwatch?.();
      delete open.unwatch;
    },
    closeOutput: async ({ output }) => {
      const open = this.#outputs.get(output);
      this.#outputs.delete(output);
      open?.unwatch?.();
      await open?.output.close();
    },
    forget: async ({ instance, attempt }) => {
      await this.#loaded.forget(instance, attempt);
    },
    remove: async ({ instance }) => {
      await this.#loaded.remove(instance);
    },
    exec: (request) => this.#exec(request),
    console: (request) => this.#console(request),
    abort: async ({ command }) => {
      await this.#commands.get(command)?.abort();
    },
    taken: async ({ command, stream }) => {
      this.#commands.get(command)?.taken(stream);
    },
    give: async ({ command, bytes }) => {
      this.#commands.get(command)?.give(bytes);
    },
    resize: async ({ command, size }) => {
      this.#commands.get(command)?.resize(size);
    },
    invoke: ({ instance, event }) => this.#part("invocable").invoke(instance, event),
    invocations: ({ instance }) => this.#part("invocable").load(instance),
    stats: ({ found }) => this.#part("stats").call(this.#loaded, found),
    listLeftovers: () => this.#part("leftovers").list(),
    removeLeftover: async ({ id }) => {
      await this.#part("leftovers").remove(id);
    },
    close: async () => {
      await this.#loaded.close();
    },
  };

  get #loaded(): Provider {
    if (this.#provider !== undefined) return this.#provider;
    throw new Unavailable("its provider is not made");
  }

  async #load({ module, lookFrom }: LoadRequest) {
    this.#module = await loadModule(resolveModule(module, lookFrom));
    return { type: this.#module.type };
  }

  async #create({ folder, options }: CreateRequest) {
    const module = this.#module;
    if (module === undefined) throw new Unavailable("its module is not loaded");
    if (this.#provider !== undefined) throw new Conflict("its provider is made");
    const own = { ...options, folder: join(folder, module.type), log: toldLog(this.#tell, {}) };
    const provider = await createFrom(module, own, providerTools);
    this.#provider = provider;
    const has = {
      exec: provider.exec !== undefined,
      terminals: provider.terminals === true,
      console: provider.console !== undefined,
      invocable: provider.invocable !== undefined,
      stats: provider.stats !== undefined,
      leftovers: provider.leftovers !== undefined,
    };
    return { has };
  }

  #exec({ command: number, found, words, params, env, ...streams }: CommandRequest) {
    return this.#beside(number, (command) => {
      const provider = this.#loaded;
      const exec = this.#part("exec").bind(provider);
      const asked = { command: words, params: provider.parseParams(params), env };
      return command.run((own) => exec(found, { ...asked, ...own }), streams);
    });
  }

  #console({ command: number, found, logs, hasInput }: ConsoleCall): Promise<undefined> {
    return this.#beside(number, async (command) => {
      const attach = this.#part("console").bind(this.#loaded);
      await command.run((own) => attach(found, { ...own, logs }), { hasInput });
      return undefined;
    });
  }

  /** Known by its number at once: that it is given up may be told right after. */
  async #beside<Reply>(
    number: number,
    run: (command: ServedCommand) => Promise<Reply>,
  ): Promise<Reply> {
    const command = new ServedCommand(number, this.#tell);
    this.#commands.set(number, command);
    try {
      return await run(command);
    } finally {
      this.#commands.delete(number);
    }
  }

  /** A provider that is back may have less than it had. @throws Conflict */
  #part<Name extends "exec" | "console" | "invocable" | "stats" | "leftovers">(
    name: Name,
  ): NonNullable<Provider[Name]> {
    const part = this.#loaded[name];
    if (part !== undefined) return part;
    throw new Conflict(`the provider ${this.#loaded.type} has no ${name} any more`);
  }

  #open(output: number): OpenOutput {
    const open = this.#outputs.get(output);
    if (open === undefined) throw new NotFound("the output is closed");
    return open;
  }
}

/** @throws TypeError naming what it lacks */
function pausingOf({ pausing }: Task): Pausing | undefined {
  if (pausing === undefined) return undefined;
  const lacking = pausingMethods.filter((name) => typeof pausing?.[name] !== "function");
  if (lacking.length === 0) return pausing;
  throw new TypeError(`pausing of the task lacks ${lacking.join(", ")}`);
}

/** What a provider makes of it that breaks its contract is an end too. */
async function endOf({ exited }: Task): Promise<RecordedExit> {
  try {
    const { exit, atMs } = await exited;
    return { exit, atMs };
  } catch (error) {
    return { exit: { kind: "unknown", reason: messageOf(error) }, atMs: Date.now() };
  }
}

/**
 * The URL of a module, by Node's own rules for packages, seen from each of `lookFrom` in turn.
 * @throws Unavailable
 */
function resolveModule(name: string, lookFrom: readonly string[]): string {
  if (name.startsWith("/")) return pathToFileURL(name).href;
  for (const from of lookFrom) {
    try {
      return import.meta.resolve(name, from);
    } catch {
      // Elsewhere, perhaps.
    }
  }
  throw new Unavailable("there is no such package where the node was started, or beside Mob");
}

/** The node's log, as its provider sees it. */
function toldLog(tell: (told: Told) => void, own: Readonly<Record<string, unknown>>): Log {
  const at =
    (level: "debug" | "info" | "warn" | "error") =>
    (message: string, fields: Readonly<Record<string, unknown>> = {}) =>
      tell({ told: "log", level, message, fields: plain({ ...own, ...fields }) });
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    child: (fields) => toldLog(tell, { ...own, ...fields }),
  };
}

/** Errors as their messages; what no channel takes as text. */
function plain(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const entries = Object.entries(fields).map(([name, value]): [string, unknown] => {
    if (value instanceof Error) return [name, messageOf(value)];
    return [name, typeof value === "object" ? JSON.stringify(value) : value];
  });
  return Object.fromEntries(entries);
}
