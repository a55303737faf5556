/**
 * The seam between Mob and everything that can run a service. A provider knows one kind of task and
 * keeps no policy: what to start, when to restart and when to give up is decided elsewhere.
 */
import type { InstanceId } from "../core/ids.ts";
import type { Log } from "../core/log.ts";
import type { Resources as Limits } from "../core/resources.ts";
import type { Exit } from "../keeper/exit.ts";
import type { StopOptions } from "../keeper/kept-task.ts";
import type { LogLimits, Output } from "../keeper/output.ts";
import type { Pausing } from "../keeper/pausing.ts";
import type { BesideRequest } from "../keeper/run-beside.ts";

// What the keeper, which is below, says in these words; part of this contract all the same.
export type { Resources as Limits } from "../core/resources.ts";
export type { Exit } from "../keeper/exit.ts";
export type { StopOptions } from "../keeper/kept-task.ts";
export type { LogLimits, Output, OutputChunk } from "../keeper/output.ts";
export type { Pausing } from "../keeper/pausing.ts";
export type { OutputStream } from "../keeper/run-beside.ts";

/** Plain data that finds a task again after a crash: `pid`, `container`… Stored, shown by `ls`. */
export type Handle = Readonly<Record<string, string | number>>;

/**
 * What a provider can do here, or why it cannot. Of `features` these mean something to every node: `limits`,
 * it holds tasks to `TaskContext.limits`; `volumes`, its tasks find theirs; `own-health`, its tasks may have
 * `Task.health`; `pause`, its tasks have `Task.pausing`; and `exec`, `terminals`, `console`, `invoke`, `stats` and
 * `leftovers`, which a node tells of one that has them, and of no other.
 */
export type Capabilities =
  | {
      readonly available: true;
      readonly version: string;
      readonly features: readonly string[];
      /** What it could do elsewhere and cannot here, by feature, and why. */
      readonly lacks?: Readonly<Record<string, string>>;
    }
  | { readonly available: false; readonly reason: string };

/** A volume that a task has for itself: a folder of the host's, and where the task is to find it. */
export interface TaskVolume {
  readonly name: string;
  /** Absolute; it is there, and belongs to whom the node runs as. */
  readonly folder: string;
  /** Absolute. */
  readonly at: string;
}

/** What every task is told and bound by, whatever its provider. */
export interface TaskContext {
  /** Full name of the service, for names people see in an engine. */
  readonly service: string;
  /** Counts the starts of this instance, from 1. With the instance id it names one task. */
  readonly attempt: number;
  /** With the variables that tell `ports`. */
  readonly env: Readonly<Record<string, string>>;
  /** Of the host, by name, for this task alone; default: none. */
  readonly ports?: Readonly<Record<string, number>>;
  /** Default: none. Asked of a provider with the feature `volumes` alone. */
  readonly volumes?: readonly TaskVolume[];
  /** Most that it gets of the machine, 0: as much as there is; default: no limits. Asked of `limits` alone. */
  readonly limits?: Limits;
  readonly logs: LogLimits;
  /** Told, now and then, what a start that takes long is at: `pulling alpine: 3.1 of 7.9 MB in 2 layers`. */
  readonly progress?: (text: string) => void;
}

/** A command that is run beside a task. `params` and `env` are those that the task was started with. */
export interface ExecRequest<Params> extends BesideRequest {
  /** A program, found as the task's own would be, and its arguments. */
  readonly command: readonly string[];
  readonly params: Params;
  readonly env: Readonly<Record<string, string>>;
  /** It is to have a terminal, of which all that it writes is `stdout`. Asked of a provider with `terminals` alone. */
  readonly terminal?: ExecTerminal;
}

/** What a task uses of its machine at a moment. */
export interface TaskStats {
  /** CPU time of all of it since it was started, ms. */
  readonly cpuMs: number;
  /** Without what the kernel keeps of files for it, where that can be told apart. */
  readonly memoryBytes: number;
  /** Where they are known: of a machine they are its own affair. */
  readonly processes?: number;
}

/** Someone at a task's console. */
export interface ConsoleRequest extends BesideRequest {
  /** Of the service: what the console prints is its log. */
  readonly logs: LogLimits;
}

export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

export interface ExecTerminal extends TerminalSize {
  /** Tells each size that it has from then on. */
  readonly onResize: (listener: (size: TerminalSize) => void) => void;
}

/** What a task itself tells of its health. */
export interface TaskHealth {
  /** Null: it starts, and nothing is known yet. False: it has been given up, and should be ended. */
  readonly healthy: boolean | null;
  /** Why it is not healthy, for people. */
  readonly why?: string;
}

/** The health of a task that tells it, and needs no one to ask: a container whose image has a check. */
export interface OwnHealth {
  /** As it was last told. */
  readonly now: TaskHealth;
  /** Tells each change from then on, for as long as the task is held. */
  watch(changed: (health: TaskHealth) => void): void;
}

/** A task that is running, or has just ended. */
export interface Task {
  readonly handle: Handle;
  /** Wall clock, ms. */
  readonly startedAt: number;
  /** Settles once, never rejects. `atMs`: wall clock of the end, as recorded by the keeper. */
  readonly exited: Promise<{ readonly exit: Exit; readonly atMs: number }>;
  /** Where it tells its health itself; asked of a provider with the feature `own-health` alone. */
  readonly health?: OwnHealth | undefined;
  /**
   * Where it can be paused; asked of a provider with the feature `pause` alone. Its engine is the record of whether it
   * is: nothing is stored beside it. A task that is started is not paused, and a stop wakes it first.
   */
  readonly pausing?: Pausing | undefined;
  /** Signal, grace, SIGKILL, to the whole tree; resolves when nothing of it is left. Idempotent. */
  stop(options: StopOptions): Promise<void>;
  /**
   * Has `tell` called with why the task does less than it should although it runs, or undefined: now, and whenever
   * that changes, until it ends or is let go. Absent: all that there is to know is whether it runs.
   */
  watch?(tell: (why: string | undefined) => void): void;
  /** Lets go of the task without touching it: the node is stopping. */
  release(): void;
}

/** A task that ended while no one looked. */
export interface Gone {
  readonly gone: true;
  readonly exit: Exit;
  readonly atMs: number;
}

/** A task found in the engine: its instance, its attempt, and the handle to adopt it by. */
export interface FoundTask {
  readonly instance: InstanceId;
  readonly attempt: number;
  readonly handle: Handle;
}

/** What came of an invocation. */
export interface Invoked {
  /** In the lines of its log. */
  readonly id: string;
  /** What the function answered: JSON, as a rule. */
  readonly answer: string;
  /** Its process was started for it. */
  readonly cold: boolean;
  /** From when it was handed to a process until that had answered. */
  readonly ms: number;
}

/** What can be done with the instances of a provider whose tasks are functions. */
export interface Invocable {
  /**
   * Calls the function once. @param event JSON
   * @throws FunctionFailed, FunctionTimedOut, `overloaded`, Unavailable when it does not run,
   * OutcomeUnknown when it ended meanwhile
   */
  invoke(instance: InstanceId, event: string): Promise<Invoked>;
  /** Invocations of an instance that are under way or wait. @throws Unavailable when it does not run */
  load(instance: InstanceId): Promise<number>;
}

/** A task in the engine that Mob has started, and that is not one of this provider's own. */
export interface Leftover {
  /** Names it in the engine, for every provider of this type: a container's id, say. */
  readonly id: string;
  readonly instance: InstanceId;
  readonly attempt: number;
  /** Of the provider that started it, as `ProviderOptions` had it; undefined: nothing tells. */
  readonly folder?: string;
  /** Id of the node that started it, of its network, and full name of the service, where it tells. */
  readonly node?: string;
  readonly network?: string;
  readonly service?: string;
  /** Wall clock, ms; undefined: not known. */
  readonly startedAt?: number;
  /** That folder is gone, wherever it may have been seen, or has forgotten it: no node can take it up again. */
  readonly isOrphan: boolean;
}

/** Finds what is left of nodes that are gone, in an engine that several nodes share. */
export interface Leftovers {
  /** Of all other nodes, those that live included; of this one what it has no record of. */
  list(): Promise<readonly Leftover[]>;
  /**
   * Kills one and removes all of it. Looks again before: one that is gone is no error.
   * @throws Conflict for one that is no orphan
   */
  remove(id: string): Promise<void>;
}

export interface Provider<Params = unknown> {
  /** The word users write: `bash`. */
  readonly type: string;
  /** @throws InvalidSpec with every error and its path below `params`. */
  parseParams(input: unknown): Params;
  /**
   * Looks for the engine, about once a minute while the node runs: to be cheap. What it throws is taken for why it is
   * not available.
   */
  probe(): Promise<Capabilities>;
  /**
   * Starts a task. Idempotent by instance and attempt: a second call finds the first's task. The
   * intent is durable before anything runs, so that a crash at any point leaks nothing.
   * @throws MobError when it cannot be started; then nothing of it is left.
   */
  start(instance: InstanceId, params: Params, context: TaskContext): Promise<Handle>;
  /**
   * The tasks of this node's in the engine, ended ones that were not removed included: of one
   * instance, or of all.
   */
  list(instance?: InstanceId): Promise<readonly FoundTask[]>;
  /** Takes a task over, right after `start` or after a crash of the node. */
  adopt(task: FoundTask): Promise<Task | Gone>;
  /**
   * Runs a command where a task runs: with its environment, in its folder, as its user, bound by its
   * limits, and ended with it. A provider that cannot is without it. Aborted: what runs is killed.
   * Resolves once it has ended, and all that it wrote was taken.
   * @throws Unavailable when the task does not run, or the command cannot be started
   */
  exec?(task: FoundTask, request: ExecRequest<Params>): Promise<Exit>;
  /** What `exec` runs can have a terminal. */
  readonly terminals?: true;
  /**
   * Attaches to a task's console: what it prints from now on is `stdout`, and what is given to read is typed there.
   * Several may be attached at once, and see the same. Resolves once the input has ended and the console has taken all
   * of it, when the task has ended, or when it is aborted. A provider whose tasks have no console is without it.
   * @throws Unavailable when the task does not run, or nothing can be typed there
   */
  console?(task: FoundTask, request: ConsoleRequest): Promise<void>;
  /**
   * What a task uses now. Asked twice, a second apart, when somebody wants to know, and never else. A provider that
   * cannot tell is without it.
   * @throws Unavailable when the task does not run
   */
  stats?(task: FoundTask): Promise<TaskStats>;
  /** The output of an instance, whether or not a task of it runs. */
  output(instance: InstanceId, limits: LogLimits): Promise<Output>;
  /** Forgets an ended attempt of an instance; its output stays. */
  forget(instance: InstanceId, attempt: number): Promise<void>;
  /** Kills what still runs of an instance and removes all of it, output included. Idempotent. */
  remove(instance: InstanceId): Promise<void>;
  /** Where its tasks can be invoked. */
  readonly invocable?: Invocable;
  /** Where its engine shows what other nodes have started. */
  readonly leftovers?: Leftovers;
  /**
   * Calls `doubted` whenever it has lost touch with its engine, which it may notice long before anyone asks: it is
   * looked at then. One that notices nothing by itself is without it.
   */
  watch?(doubted: () => void): void;
  /** Releases what the provider itself holds (watches, connections); tasks are not touched. */
  close(): Promise<void>;
}

/** Builds a provider for one node. `folder` is the provider's own, below the node's data folder. */
export interface ProviderOptions {
  readonly folder: string;
  /** Marks this node's tasks in an engine that several nodes share. */
  readonly node: string;
  /** Id of the node's network at its start, for people who find what is left of it. */
  readonly network?: string;
  /** What tasks inherit of the node's own environment (PATH, HOME…); `TaskContext.env` is added. */
  readonly env: Readonly<Record<string, string>>;
  /** A file with logins at registries, in the form of Docker's `config.json`; undefined: none. */
  readonly registryLogins?: string | undefined;
  readonly log: Log;
}
