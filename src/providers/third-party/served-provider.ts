/**
 * The provider's end of the channel: carries out what the node asks of a provider, in its process, and
 * tells what becomes of tasks, outputs and commands.
 */
import { join } from "node:path";
import { Conflict, Unavailable } from "../../core/errors.ts";
import type { Provider } from "../provider.ts";
import { createFrom, loadModule, resolveModule } from "./load-module.ts";
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
import { servedLog } from "./served-log.ts";
import { ServedOutputs } from "./served-outputs.ts";
import { ServedTasks } from "./served-tasks.ts";

type Handlers = {
  readonly [M in CallName]: (
    request: ProviderCalls[M]["request"],
    call: number,
  ) => Promise<ProviderCalls[M]["reply"]>;
};

export class ServedProvider {
  readonly #tell: (told: Told) => void;
  readonly #tasks: ServedTasks;
  readonly #outputs: ServedOutputs;
  readonly #commands = new Map<number, ServedCommand>();
  #module: ProviderModule | undefined;
  #provider: Provider | undefined;

  constructor(tell: (told: Told) => void) {
    this.#tell = tell;
    this.#tasks = new ServedTasks(tell);
    this.#outputs = new ServedOutputs(tell);
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
    adopt: async ({ task, found }) => this.#tasks.hold(task, await this.#loaded.adopt(found)),
    stop: ({ task, options }) => this.#tasks.stop(task, options),
    release: async ({ task }) => {
      this.#tasks.release(task);
    },
    setPaused: async ({ task, isPaused }) => {
      await this.#tasks.setPaused(task, isPaused);
    },
    output: async ({ output, instance, limits }) => {
      this.#outputs.add(output, await this.#loaded.output(instance, limits));
    },
    read: async ({ output, cursor, bytesMax }) => this.#outputs.read(output, cursor, bytesMax),
    tail: async ({ output, lines }) => this.#outputs.tail(output, lines),
    watch: async ({ output }) => {
      this.#outputs.watch(output);
    },
    unwatch: async ({ output }) => {
      this.#outputs.unwatch(output);
    },
    closeOutput: async ({ output }) => {
      await this.#outputs.close(output);
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
    const own = { ...options, folder: join(folder, module.type), log: servedLog(this.#tell) };
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
}
