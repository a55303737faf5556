/**
 * What a node and the process of a provider say to each other, over the channel of Node's `fork` with
 * advanced serialisation. A call is answered once; what is told is about a task, an output, a command or a
 * call that the node has numbered.
 */
import type { ErrorShape } from "../../core/errors.ts";
import type { InstanceId } from "../../core/ids.ts";
import type { LogLevel } from "../../core/log.ts";
import type { RecordedExit } from "../../keeper/exit.ts";
import type {
  Capabilities,
  Exit,
  FoundTask,
  Handle,
  Invoked,
  Leftover,
  LogLimits,
  OutputChunk,
  OutputStream,
  ProviderOptions,
  StopOptions,
  TaskContext,
  TaskHealth,
  TaskStats,
  TerminalSize,
} from "../provider.ts";

/** Of an error of a provider's. */
export const messageCharsMax = 4_096;

/** All that can be asked, each with what it gives. */
export interface ProviderCalls {
  /** First of all: loads the module, which runs nothing of a provider yet. */
  load: { request: LoadRequest; reply: Loaded };
  /** Then: makes the provider. Its folder is below `folder`, by its type. */
  create: { request: CreateRequest; reply: Created };
  /** Whether anyone is there. */
  ping: { request: undefined; reply: undefined };
  probe: { request: undefined; reply: Capabilities };
  check: { request: { readonly params: unknown }; reply: undefined };
  start: {
    request: {
      readonly instance: InstanceId;
      readonly params: unknown;
      readonly context: Omit<TaskContext, "progress">;
    };
    reply: Handle;
  };
  list: { request: { readonly instance: InstanceId | undefined }; reply: readonly FoundTask[] };
  /** `task`: the node's number for it, by which its end is told. */
  adopt: { request: { readonly task: number; readonly found: FoundTask }; reply: Adopted };
  /** Answered when it has ended, with its end. */
  stop: { request: { readonly task: number; readonly options: StopOptions }; reply: RecordedExit };
  release: { request: { readonly task: number }; reply: undefined };
  /** Of a task that can be paused; answered once it is so. */
  setPaused: {
    request: { readonly task: number; readonly isPaused: boolean };
    reply: undefined;
  };
  /** `output`: the node's number for it, by which growth is told. */
  output: {
    request: {
      readonly output: number;
      readonly instance: InstanceId;
      readonly limits: LogLimits;
    };
    reply: undefined;
  };
  read: {
    request: { readonly output: number; readonly cursor: number; readonly bytesMax: number };
    reply: OutputChunk;
  };
  tail: { request: { readonly output: number; readonly lines: number }; reply: number };
  watch: { request: { readonly output: number }; reply: undefined };
  unwatch: { request: { readonly output: number }; reply: undefined };
  closeOutput: { request: { readonly output: number }; reply: undefined };
  forget: {
    request: { readonly instance: InstanceId; readonly attempt: number };
    reply: undefined;
  };
  remove: { request: { readonly instance: InstanceId }; reply: undefined };
  /** Answered when it has ended, and all that it wrote was taken. */
  exec: { request: CommandRequest; reply: Exit };
  /** At the console of a task, as a command is beside it. */
  console: { request: ConsoleCall; reply: undefined };
  /** Gives a command up. Answered when it has ended. */
  abort: { request: { readonly command: number }; reply: undefined };
  /** The piece that a command told last of one stream was taken: it may tell the next. */
  taken: { request: { readonly command: number; readonly stream: OutputStream }; reply: undefined };
  /** What a command wanted to read; undefined: there is no more. */
  give: {
    request: { readonly command: number; readonly bytes: Uint8Array | undefined };
    reply: undefined;
  };
  resize: { request: { readonly command: number; readonly size: TerminalSize }; reply: undefined };
  invoke: {
    request: { readonly instance: InstanceId; readonly event: string };
    reply: Invoked;
  };
  stats: { request: { readonly found: FoundTask }; reply: TaskStats };
  /** Invocations that are under way or wait. */
  invocations: { request: { readonly instance: InstanceId }; reply: number };
  listLeftovers: { request: undefined; reply: readonly Leftover[] };
  removeLeftover: { request: { readonly id: string }; reply: undefined };
  close: { request: undefined; reply: undefined };
}

export type CallName = keyof ProviderCalls;

export interface LoadRequest {
  /** Of the module: a URL, or the name of a package. */
  readonly module: string;
  /** Where packages are looked for: URLs of files, in this order. */
  readonly lookFrom: readonly string[];
}

export interface Loaded {
  readonly type: string;
}

export interface CreateRequest {
  readonly folder: string;
  readonly options: Omit<ProviderOptions, "folder" | "log">;
}

export interface Created {
  /** What it has of what a provider need not have. */
  readonly has: {
    readonly exec: boolean;
    readonly terminals: boolean;
    readonly console: boolean;
    readonly invocable: boolean;
    readonly stats: boolean;
    readonly leftovers: boolean;
  };
}

interface BesideCall {
  /** The node's number for it, by which what it writes and wants is told. */
  readonly command: number;
  readonly found: FoundTask;
  readonly hasInput: boolean;
}

export interface CommandRequest extends BesideCall {
  readonly words: readonly string[];
  readonly params: unknown;
  readonly env: Readonly<Record<string, string>>;
  readonly terminal: TerminalSize | undefined;
}

export interface ConsoleCall extends BesideCall {
  readonly logs: LogLimits;
}

/** Most that a command tells at once of what it wrote; of each stream there is one such piece on the way. */
export const pieceBytesMax = 64 * 1024;

export type Adopted =
  | {
      readonly gone: false;
      readonly handle: Handle;
      readonly startedAt: number;
      /** Of one that tells its health itself. */
      readonly health?: TaskHealth;
      /** Of one that can be paused: whether it is. */
      readonly isPaused?: boolean;
    }
  | ({ readonly gone: true } & RecordedExit);

export interface WrittenPiece {
  readonly stream: OutputStream;
  readonly bytes: Uint8Array;
}

/** From the node to the provider's process. */
export interface Asked {
  readonly call: number;
  readonly method: CallName;
  readonly request: unknown;
}

/** From the provider's process to the node. */
export type Told =
  | { readonly told: "answer"; readonly call: number; readonly reply: unknown }
  | { readonly told: "error"; readonly call: number; readonly error: ErrorShape }
  | { readonly told: "progress"; readonly call: number; readonly text: string }
  | { readonly told: "exited"; readonly task: number; readonly end: RecordedExit }
  | { readonly told: "health"; readonly task: number; readonly health: TaskHealth }
  | { readonly told: "paused"; readonly task: number; readonly isPaused: boolean }
  /** Why a task does less than it should; undefined: it does all. */
  | { readonly told: "condition"; readonly task: number; readonly why: string | undefined }
  | { readonly told: "changed"; readonly output: number }
  | ({ readonly told: "wrote"; readonly command: number } & WrittenPiece)
  /** It is to be given the next piece to read. */
  | { readonly told: "wants"; readonly command: number }
  /** It reads no more. */
  | { readonly told: "enough"; readonly command: number }
  /** What nothing in it has caught, and it ends of. */
  | { readonly told: "failed"; readonly why: string }
  | {
      readonly told: "log";
      readonly level: LogLevel;
      readonly message: string;
      readonly fields: Readonly<Record<string, unknown>>;
    };
