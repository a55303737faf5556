/**
 * A command that someone attached has run beside a task: passes on what it writes, no faster than they read,
 * and to it what they write, no faster than it reads.
 */
import type { CommandWish, Execution } from "../actors/executions.ts";
import type { CommandNews } from "../actors/running-command.ts";
import type { ClientFrame } from "../api/attach-frames.ts";
import type { NodeId } from "../core/ids.ts";
import type { AttachSocket } from "./attach-socket.ts";

export type ExecFrame = Extract<ClientFrame, { readonly type: "exec" }>;
/** What is said to a command that runs. */
export type CommandFrame = Extract<
  ClientFrame,
  { readonly type: "input" | "input-end" | "resize" }
>;

export interface AttachedCommandOptions {
  readonly socket: Pick<AttachSocket, "send">;
  readonly open: (wish: CommandWish) => Promise<Execution>;
  readonly nameOf: (node: NodeId) => string;
}

export class AttachedCommand {
  readonly #options: AttachedCommandOptions;
  readonly #frame: ExecFrame;
  #execution: Execution | undefined;

  constructor(options: AttachedCommandOptions, frame: ExecFrame) {
    this.#options = options;
    this.#frame = frame;
  }

  /** Runs it to its end, or until it is not wanted any more. @throws what the node refuses */
  async run(wanted: AbortSignal): Promise<void> {
    const { socket, open, nameOf } = this.#options;
    const { id, service: named, command: words, input: hasInput = false, terminal } = this.#frame;
    const execution = await open({ service: named, words, hasInput, terminal });
    const stop = () => execution.stop();
    wanted.addEventListener("abort", stop);
    if (wanted.aborted) stop();
    this.#execution = execution;
    try {
      const { service, slot, node } = execution;
      await socket.send({ type: "executing", id, service, slot, node: nameOf(node) });
      while (!wanted.aborted) {
        const news = await execution.news();
        if (wanted.aborted) return;
        // Waited for: what is not read here waits in the command, which waits too.
        await this.#tell(news);
        if (news.exit !== undefined) return;
      }
    } finally {
      stop();
    }
  }

  /** False for what no client of this protocol says. @throws what the node of the command refuses */
  async hear(frame: CommandFrame): Promise<boolean> {
    const execution = this.#execution;
    if (execution === undefined) return false;
    if (frame.type === "resize") {
      execution.resize({ columns: frame.columns, rows: frame.rows });
    } else if (this.#frame.input !== true) {
      return false;
    } else if (frame.type === "input") {
      await execution.write(Buffer.from(frame.base64, "base64"));
    } else {
      await execution.endInput();
    }
    return true;
  }

  async #tell({ pieces, taken, exit }: CommandNews): Promise<void> {
    const { socket } = this.#options;
    const { id } = this.#frame;
    if (taken === true) await socket.send({ type: "taken", id });
    for (const { stream, bytes } of pieces) {
      const base64 = Buffer.from(bytes).toString("base64");
      await socket.send({ type: "output", id, stream, base64 });
    }
    if (exit !== undefined) await socket.send({ type: "exited", id, ...exitShape(exit) });
  }
}

function exitShape(exit: NonNullable<CommandNews["exit"]>) {
  const { kind: _kind, ...shape } = exit;
  return shape;
}
