/**
 * One process of a third party's provider, as the node has it: calls with deadlines, and an end. It is
 * ended, by its pid, when it does not answer in time; whatever ends it, all that wait for it are told.
 */
import { type ChildProcess, fork } from "node:child_process";
import type { Readable } from "node:stream";
import { messageOf, Unavailable } from "../../core/errors.ts";
import type { Log } from "../../core/log.ts";
import type { RecordedExit } from "../../keeper/exit.ts";
import { onOneLine } from "../one-line.ts";
import { ownProgram } from "../own-program.ts";
import type { TaskHealth } from "../provider.ts";
import type { Asked, CallName, ProviderCalls, Told, WrittenPiece } from "./messages.ts";
import { type CallWait, OpenCalls } from "./open-calls.ts";
import { type Deadline, deadlineOf, defaultPatience, type Patience } from "./patience.ts";
import { Pings } from "./pings.ts";
import { nodeFlags } from "./process-bounds.ts";
import {
  parseCondition,
  parseEnd,
  parseHealth,
  parsePaused,
  parsePiece,
  parseReply,
} from "./replies.ts";
import { errorOf } from "./told-error.ts";
import { ToldLog } from "./told-log.ts";

export interface ProviderProcessOptions {
  /** The provider's, for people. */
  readonly name: string;
  readonly env: Readonly<Record<string, string>>;
  readonly log: Log;
  readonly patience: Partial<Patience>;
  /** Ends the process with the node, whatever becomes of it: what comes before the program. */
  readonly prefix: readonly string[];
}

/** Of what ended it. */
const failureCharsMax = 500;

/** Hears of a task, by the node's number. */
export interface TaskListener {
  readonly ended: (end: RecordedExit) => void;
  readonly health: (health: TaskHealth) => void;
  readonly paused: (isPaused: boolean) => void;
  /** Why it does less than it should; undefined: it does all. */
  readonly condition: (why: string | undefined) => void;
}

/** Hears of a command. What it throws is told in the log: then the process said what means nothing. */
export interface CommandListener {
  readonly wrote: (piece: WrittenPiece) => void;
  readonly wants: () => void;
  readonly enough: () => void;
}

export class ProviderProcess {
  /** Resolves with why, once it is gone. */
  readonly ended: Promise<string>;
  /** Told of tasks, by the node's number, each until its end. */
  readonly tasks = new Map<number, TaskListener>();
  /** Called when there is more of an output, by the node's number. */
  readonly outputs = new Map<number, () => void>();
  /** Told of commands, by the node's number. */
  readonly commands = new Map<number, CommandListener>();
  readonly #options: ProviderProcessOptions;
  readonly #log: ToldLog;
  readonly #patience: Patience;
  readonly #child: ChildProcess;
  readonly #calls = new OpenCalls();
  readonly #pings: Pings;
  #numbers = 0;
  #hasEnded = false;
  /** Why it ends, where that is the node's doing. */
  #why: string | undefined;
  /** What it did not catch, as it said before it ended of it. */
  #failure: string | undefined;

  constructor(options: ProviderProcessOptions) {
    this.#options = options;
    this.#log = new ToldLog(options.log);
    this.#patience = { ...defaultPatience, ...options.patience };
    const { env, prefix } = options;
    const { flags, file } = ownProgram("provider-process", "third-party/process.ts");
    const [program = process.execPath, ...before] = [...prefix, process.execPath];
    this.#child = fork(file, [], {
      execPath: program,
      execArgv: [...before, ...nodeFlags, ...flags],
      env: { ...env },
      serialization: "advanced",
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    this.#pings = new Pings({
      everyMs: this.#patience.pingEveryMs,
      pid: () => this.pid,
      ask: () => this.call("ping", undefined),
      giveUp: (why) => this.end(why),
    });
    this.#logLines(this.#child.stdout);
    this.#logLines(this.#child.stderr);
    this.#child.on("message", (message) => this.#hearAny(message));
    this.ended = new Promise((resolve) => {
      const end = (why: string) => {
        this.#hasEnded = true;
        this.#pings.stop();
        const told = this.#why ?? why;
        this.#calls.rejectAll(new Unavailable(`${options.name} is away: ${told}`));
        resolve(told);
      };
      this.#child.once("exit", (code, signal) => end(this.#howItEnded(code, signal)));
      this.#child.once("error", (error) => end(`its process cannot run: ${messageOf(error)}`));
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get hasEnded(): boolean {
    return this.#hasEnded || this.#why !== undefined;
  }

  /** One for a task or an output that it is to know by it. */
  nextNumber(): number {
    return ++this.#numbers;
  }

  /**
   * @param progress told what a start is at
   * @throws what the provider threw; Unavailable when it ended before it answered, was late, or answered nonsense
   */
  async call<M extends CallName>(
    method: M,
    request: ProviderCalls[M]["request"],
    { progress, moreMs = 0 }: { progress?: (text: string) => void; moreMs?: number } = {},
  ): Promise<ProviderCalls[M]["reply"]> {
    const usual = deadlineOf(method, this.#patience);
    const deadline = usual && { ...usual, ms: usual.ms + moreMs };
    const reply = await this.#ask(method, request, { deadline, progress });
    if (method === "create" && !this.hasEnded) this.#pings.begin();
    try {
      return parseReply(method, reply);
    } catch (error) {
      const why = `${this.#options.name} breaks its contract: asked to ${method}, ${messageOf(error)}`;
      throw new Unavailable(why, { cause: error });
    }
  }

  /** SIGKILL, and no more is heard of it. */
  end(why: string): void {
    this.#why ??= why;
    this.#child.kill("SIGKILL");
  }

  async #ask(method: CallName, request: unknown, wait: Omit<CallWait, "late">): Promise<unknown> {
    const { name } = this.#options;
    if (this.hasEnded || !this.#child.connected) {
      throw new Unavailable(`${name} is away: ${this.#why ?? "its process has ended"}`);
    }
    const late = (call: number, { ms, fails }: Deadline) => {
      const why = `it did not answer to ${method} within ${ms} ms`;
      if (fails === "process") this.end(why);
      else this.#calls.reject(call, new Unavailable(`${name} is late: ${why}`));
    };
    const { call, reply } = this.#calls.open({ ...wait, late });
    const asked: Asked = { call, method, request };
    try {
      this.#child.send(asked, (error) => {
        if (error !== null) this.#calls.reject(call, new Unavailable(messageOf(error)));
      });
    } catch (error) {
      this.#calls.reject(call, error); // It is no plain data.
    }
    return await reply;
  }

  /** A provider may send anything by itself, which is no harm to the node. */
  #hearAny(message: unknown): void {
    try {
      this.#hear(message as Told);
    } catch (error) {
      this.#options.log.warn("a provider's process said what means nothing", { error });
    }
  }

  #hear(told: Told): void {
    switch (told.told) {
      case "answer":
        this.#calls.resolve(told.call, told.reply);
        return;
      case "error": {
        const error = errorOf(told.error); // Before it is taken: what is none leaves the call to its deadline.
        this.#calls.reject(told.call, error);
        return;
      }
      case "failed":
        this.#failure = onOneLine(String(told.why), failureCharsMax);
        return;
      case "progress":
        this.#calls.progress(told.call, told.text);
        return;
      case "exited":
        this.#hearEnd(told.task, told.end);
        return;
      case "health":
        this.tasks.get(told.task)?.health(parseHealth(told.health));
        return;
      case "paused":
        this.tasks.get(told.task)?.paused(parsePaused(told));
        return;
      case "condition":
        this.tasks.get(told.task)?.condition(parseCondition(told));
        return;
      case "changed":
        this.outputs.get(told.output)?.();
        return;
      case "wrote":
        this.commands.get(told.command)?.wrote(parsePiece(told));
        return;
      case "wants":
        this.commands.get(told.command)?.wants();
        return;
      case "enough":
        this.commands.get(told.command)?.enough();
        return;
      case "log":
        this.#log.say(told.level, told.message, told.fields);
        return;
    }
  }

  #hearEnd(task: number, end: unknown): void {
    const listener = this.tasks.get(task);
    this.tasks.delete(task);
    try {
      listener?.ended(parseEnd(end));
    } catch (error) {
      listener?.ended({ exit: { kind: "unknown", reason: messageOf(error) }, atMs: Date.now() });
    }
  }

  #logLines(stream: Readable | null): void {
    if (stream === null) return;
    const print = this.#log.printer();
    stream.setEncoding("utf8").on("data", print);
    stream.once("end", () => print());
  }

  #howItEnded(code: number | null, signal: string | null): string {
    if (signal !== null) return `its process was ended by ${signal}`;
    const failure = this.#failure === undefined ? "" : `: ${this.#failure}`;
    return `its process ended with exit code ${code}${failure}`;
  }
}
