/** A command that runs beside a task, from the side of whoever has it run. */
import { inputBytesMax } from "../api/attach-frames.ts";
import { RemoteError } from "../core/errors.ts";
import type { AttachLink, Conversation, Said } from "./attach-link.ts";
import { FrameQueue } from "./frame-queue.ts";

export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

export interface ExecWish {
  /** A service, or one slot of it: `web`, `shop/web/2`. Without a slot the first instance that runs. */
  readonly service: string;
  /** A program and its arguments, with no shell in between; none: the console of the task, until the input ends. */
  readonly command: readonly string[];
  /** Whether it reads what is written to it; default: it reads nothing. */
  readonly input?: boolean;
  /** It has a terminal of that size, of which all output is `stdout`; default: none. */
  readonly terminal?: TerminalSize;
}

export interface ExecOutput {
  readonly stream: "stdout" | "stderr";
  readonly bytes: Uint8Array;
}

/** How a command ended, as far as is known; `reason` where there is no more, or why it was killed. */
export interface ExecExit {
  readonly code?: number;
  readonly signal?: string;
  readonly reason?: string;
}

export interface Executing {
  /** Name of the node. */
  readonly node: string;
  readonly service: string;
  readonly slot: number;
  /**
   * What it writes, no faster than it is read; ends with the command.
   * @throws RemoteError when it could not be run; Unreachable when the connection is lost
   */
  readonly output: AsyncIterable<ExecOutput>;
  /** Undefined until the end of the output, and when it was stopped here. */
  exit(): ExecExit | undefined;
  /** Resolves once it has read that; false: it has ended. One at a time. */
  write(bytes: Uint8Array): Promise<boolean>;
  endInput(): void;
  resize(size: TerminalSize): void;
  /** Kills it. */
  stop(): void;
}

export function startExec(link: AttachLink, wish: ExecWish): Promise<Executing> {
  const { service, command, input, terminal } = wish;
  const frame = {
    type: "exec",
    service,
    command,
    ...(input !== undefined && { input }),
    ...(terminal !== undefined && { terminal }),
  } as const;
  return new Promise((resolve, reject) => {
    const running = new RunningHere(link);
    const conversation = link.say(frame, {
      hear(said) {
        if (said.type === "executing") resolve(running.begun(said, conversation));
        else if (said.type === "failed") reject(new RemoteError(said.error));
        return running.hear(said);
      },
      lost(error) {
        reject(error);
        running.end(error);
      },
    });
  });
}

class RunningHere {
  readonly #queue: FrameQueue<ExecOutput>;
  #exit: ExecExit | undefined;
  #hasEnded = false;
  #taken: (isRunning: boolean) => void = () => {};

  constructor(link: AttachLink) {
    this.#queue = new FrameQueue({ full: () => link.pause(), room: () => link.resume() });
  }

  begun(
    { node, service, slot }: Extract<Said, { readonly type: "executing" }>,
    conversation: Conversation,
  ): Executing {
    const stop = () => {
      conversation.cancel();
      this.end();
    };
    return {
      node,
      service,
      slot,
      output: this.#queue.read(stop),
      exit: () => this.#exit,
      write: async (bytes) => {
        for (let from = 0; from < bytes.length && !this.#hasEnded; from += inputBytesMax) {
          const piece = bytes.subarray(from, from + inputBytesMax);
          const isTaken = new Promise((taken) => {
            this.#taken = taken;
          });
          conversation.add({ type: "input", base64: Buffer.from(piece).toString("base64") });
          await isTaken;
        }
        return !this.#hasEnded;
      },
      endInput: () => conversation.add({ type: "input-end" }),
      resize: ({ columns, rows }) => conversation.add({ type: "resize", columns, rows }),
      stop,
    };
  }

  /** True: that was the last word. */
  hear(said: Said): boolean {
    switch (said.type) {
      case "output":
        this.#queue.push({ stream: said.stream, bytes: Buffer.from(said.base64, "base64") });
        return false;
      case "taken":
        this.#taken(true);
        return false;
      case "exited": {
        const { type: _type, id: _id, ...exit } = said;
        this.#exit = exit;
        this.end();
        return true;
      }
      case "failed":
        this.end(new RemoteError(said.error));
        return true;
      default:
        return false;
    }
  }

  end(error?: unknown): void {
    this.#hasEnded = true;
    this.#taken(false);
    this.#queue.end(error);
  }
}
