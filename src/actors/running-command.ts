/**
 * A command that runs beside a task, as far as whoever has it run is concerned: what it wrote and has not
 * been read yet, a little of it, beyond which it has to wait; and what it is to read.
 */
import type { Caller } from "../otp/gen-server.ts";
import type {
  ExecRequest,
  ExecTerminal,
  Exit,
  OutputStream,
  TerminalSize,
} from "../providers/provider.ts";
import { CommandInput } from "./command-input.ts";

/** What a command wrote that may wait to be read: the piece that goes beyond it waits in the command. */
const unreadBytesMax = 256 * 1024;

export interface CommandPiece {
  readonly stream: OutputStream;
  readonly bytes: Uint8Array;
}

/** What has become of a command since it was last asked. */
export interface CommandNews {
  readonly pieces: readonly CommandPiece[];
  /** The piece of input that was given to it last has been taken: it may be given the next. */
  readonly taken?: true;
  /** It has ended, and there is no more. */
  readonly exit?: Exit;
}

export interface RunningCommandOptions {
  /** Runs it; resolves when it has ended and all that it wrote was taken. */
  readonly run: (
    request: Pick<ExecRequest<unknown>, "signal" | "output" | "input" | "terminal">,
  ) => Promise<Exit>;
  readonly hasInput: boolean;
  readonly terminal: TerminalSize | undefined;
  /** Told once its end was, or it was stopped: it is of no use any more. May be told twice. */
  readonly onOver: () => void;
}

type End = { readonly exit: Exit } | { readonly error: unknown };

export class RunningCommand {
  readonly #onOver: () => void;
  readonly #abort = new AbortController();
  readonly #input: CommandInput | undefined;
  #pieces: CommandPiece[] = [];
  #unreadBytes = 0;
  /** Have what writes go on. */
  #waiting: (() => void)[] = [];
  #isTaken = false;
  #end: End | undefined;
  #reader: Caller<CommandNews> | undefined;
  #resize: (size: TerminalSize) => void = () => {};

  constructor({ run, hasInput, terminal, onOver }: RunningCommandOptions) {
    this.#onOver = onOver;
    this.#input = hasInput ? new CommandInput(() => this.#noteTaken()) : undefined;
    const running = run({
      signal: this.#abort.signal,
      output: (bytes, stream) => this.#add({ stream, bytes }),
      ...(this.#input !== undefined && { input: this.#input }),
      ...(terminal !== undefined && { terminal: this.#terminal(terminal) }),
    });
    running.then(
      (exit) => this.#conclude({ exit }),
      (error: unknown) => this.#conclude({ error }),
    );
  }

  /** Answers at once, or as soon as there is something. A reader that waits already hears of nothing. */
  read(reader: Caller<CommandNews>): void {
    this.expire();
    this.#reader = reader;
    this.#answer();
  }

  /** Whether whoever waits is still this one. */
  isReadBy(reader: Caller<CommandNews>): boolean {
    return this.#reader === reader;
  }

  /** Lets the reader that waits go with nothing. */
  expire(): void {
    this.#reader?.reply({ pieces: [] });
    this.#reader = undefined;
  }

  /** False: what was given before has not been taken, or it reads nothing at all. */
  write(bytes: Uint8Array): boolean {
    return this.#input?.offer(bytes) ?? false;
  }

  /** It will be given nothing more to read. */
  endInput(): void {
    this.#input?.end();
  }

  /** Its terminal has another size. */
  resize(size: TerminalSize): void {
    this.#resize(size);
  }

  /** Kills it. Nobody reads what it wrote any more. Idempotent. */
  stop(): void {
    this.#abort.abort();
    this.#pieces = [];
    this.#goOn();
    this.expire();
    this.#onOver();
  }

  #terminal(size: TerminalSize): ExecTerminal {
    return {
      ...size,
      onResize: (listener) => {
        this.#resize = listener;
      },
    };
  }

  #add(piece: CommandPiece): Promise<void> | undefined {
    if (this.#abort.signal.aborted) return undefined;
    this.#pieces.push(piece);
    this.#unreadBytes += piece.bytes.length;
    this.#answer();
    if (this.#unreadBytes < unreadBytesMax) return undefined;
    return new Promise((goOn) => this.#waiting.push(goOn));
  }

  #noteTaken(): void {
    this.#isTaken = true;
    this.#answer();
  }

  #conclude(end: End): void {
    this.#end = end;
    this.#input?.close();
    this.#answer();
  }

  #answer(): void {
    const reader = this.#reader;
    const end = this.#end;
    if (reader === undefined) return;
    if (this.#pieces.length === 0 && !this.#isTaken && end === undefined) return;
    this.#reader = undefined;
    const pieces = this.#pieces;
    const news: CommandNews = { pieces, ...(this.#isTaken && { taken: true }) };
    this.#pieces = [];
    this.#isTaken = false;
    this.#goOn();
    if (end === undefined || ("error" in end && pieces.length > 0)) {
      reader.reply(news);
      return;
    }
    if ("error" in end) reader.fail(end.error);
    else reader.reply({ ...news, exit: end.exit });
    this.#onOver();
  }

  #goOn(): void {
    this.#unreadBytes = 0;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const goOn of waiting) goOn();
  }
}
