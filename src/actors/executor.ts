/**
 * Runs commands beside the tasks of this node for whoever asks, from any node, and attaches them to consoles. What someone attached has
 * begun ends with them: their session is watched from here, wherever it is.
 */
import { Conflict, NotFound, Unavailable } from "../core/errors.ts";
import {
  type Behaviour,
  type Caller,
  type Cancel,
  refuse,
  replyLater,
  type Self,
} from "../otp/gen-server.ts";
import type { Provider } from "../providers/provider.ts";
import { type ExecutorProtocol, executorParsers } from "./executor-protocol.ts";
import { providerWorkerName } from "./names.ts";
import type { ProviderWorkerProtocol } from "./provider-worker-protocol.ts";
import { type CommandNews, RunningCommand, type RunningCommandOptions } from "./running-command.ts";
import { Sessions } from "./sessions.ts";

/** Commands at a time on one node. */
const commandsMax = 64;

export interface ExecutorOptions {
  readonly providers: ReadonlyMap<string, ExecutingProvider>;
}

type ExecutingProvider = Pick<Provider, "parseParams" | "exec" | "terminals" | "console">;

type Info = {
  readonly type: "waited";
  readonly command: number;
  readonly reader: Caller<CommandNews>;
};

interface Command {
  readonly running: RunningCommand;
  /** Of the read that waits. */
  cancelWait: Cancel;
}

interface State {
  readonly self: Self<ExecutorProtocol, Info>;
  readonly options: ExecutorOptions;
  readonly sessions: Sessions;
  readonly commands: Map<number, Command>;
  last: number;
}

export function executor(options: ExecutorOptions): Behaviour<State, ExecutorProtocol, Info> {
  return {
    init(self) {
      const commands = new Map<number, Command>();
      // Not `terminate`, which a kill passes over: no one would read what they go on to write.
      self.system.monitor(self.ref, () => {
        for (const { running } of commands.values()) running.stop();
      });
      return { self, options, sessions: new Sessions(self), commands, last: 0 };
    },
    handlers: {
      begin(state, request, caller) {
        begin(state, request).then(
          (command) => caller.reply({ command }),
          (error: unknown) => caller.fail(error),
        );
        return [state, replyLater];
      },
      read(state, { command, waitMs }, reader) {
        const known = state.commands.get(command);
        if (known === undefined) {
          return refuse(state, new NotFound(`there is no command ${command} any more`));
        }
        known.cancelWait();
        known.running.read(reader);
        if (known.running.isReadBy(reader)) {
          known.cancelWait = state.self.sendAfter(waitMs, { type: "waited", command, reader });
        }
        return [state, replyLater];
      },
      write(state, { command, bytes }) {
        const known = state.commands.get(command);
        // One that has just ended, of which who writes is yet to hear, reads nothing.
        if (known?.running.write(bytes) ?? true) return [state, "given"];
        return refuse(state, new Conflict("what was given before has not been read yet"));
      },
      endInput(state, { command }) {
        state.commands.get(command)?.running.endInput();
        return [state, "ended"];
      },
      resize(state, { command, ...size }) {
        state.commands.get(command)?.running.resize(size);
        return [state, "resized"];
      },
      stop(state, { command }) {
        stop(state, command);
        return [state, "stopped"];
      },
    },
    info(state, message) {
      if (message.type === "DOWN") state.sessions.ended(message.monitor);
      else if (message.type === "waited") {
        const running = state.commands.get(message.command)?.running;
        if (running?.isReadBy(message.reader) === true) running.expire();
      }
      return state;
    },
    describe: ({ sessions }) => ({ commands: sessions.describe() }),
    secret: ["begin", "write"],
    remote: executorParsers,
  };
}

async function begin(
  state: State,
  { instance, words, hasInput, terminal, owner }: ExecutorProtocol["begin"]["request"],
): Promise<number> {
  const { self, options, sessions, commands } = state;
  const worker = providerWorkerName(instance);
  const of = await self.system.call<ProviderWorkerProtocol, "task">(worker, "task", undefined);
  if (of.isPaused) throw new Conflict("it does not run: it is paused");
  const provider = options.providers.get(of.provider);
  const hasTerminal = terminal !== undefined;
  const run =
    words.length === 0
      ? consoleOf(provider, of, hasTerminal)
      : commandIn(provider, of, words, hasTerminal);
  if (commands.size >= commandsMax) {
    throw new Unavailable(`${commandsMax} commands run on this node, which is the most`);
  }
  state.last++;
  const command = state.last;
  const what = `command ${command} beside ${instance}`;
  const running = new RunningCommand({
    run,
    hasInput,
    terminal,
    onOver() {
      commands.get(command)?.cancelWait();
      commands.delete(command);
      sessions.drop(what);
    },
  });
  commands.set(command, { running, cancelWait() {} });
  sessions.add(owner, what, () => stop(state, command));
  return command;
}

type Run = RunningCommandOptions["run"];
type Executed = ProviderWorkerProtocol["task"]["reply"];

/** @throws Conflict where the provider runs none, or none with a terminal */
function commandIn(
  provider: ExecutingProvider | undefined,
  { task, spec, provider: type }: Executed,
  command: readonly string[],
  hasTerminal: boolean,
): Run {
  if (provider?.exec === undefined) {
    const instead = provider?.console && ": without one, exec attaches to its console";
    throw new Conflict(`${type} cannot run a command in a task${instead ?? ""}`);
  }
  if (hasTerminal && provider.terminals === undefined) {
    throw new Conflict(`${type} has no terminal for a command: run it without`);
  }
  const params = provider.parseParams(spec.params);
  const exec = provider.exec.bind(provider);
  return async (wanted) => exec(task, { ...wanted, command, params, env: spec.env });
}

/** @throws Conflict where the provider's tasks have none */
function consoleOf(
  provider: ExecutingProvider | undefined,
  { task, spec, provider: type }: Executed,
  hasTerminal: boolean,
): Run {
  if (provider?.console === undefined) {
    throw new Conflict(`${type} has no console: name a command to run`);
  }
  if (hasTerminal) throw new Conflict("a console has no size: attach to it without a terminal");
  const attach = provider.console.bind(provider);
  return async (wanted) => {
    await attach(task, { ...wanted, logs: spec.logs });
    return { kind: "exited", code: 0 };
  };
}

function stop({ commands }: State, command: number): void {
  commands.get(command)?.running.stop();
}
