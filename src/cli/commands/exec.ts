/**
 * Runs a command beside a task of a service, as if it were run here: what it writes comes out where it
 * belongs, and its exit code is this program's. Without a command it is at the console of the task.
 */
import { constants } from "node:os";
import { createAttachment } from "../../client/attachment.ts";
import type { ExecExit, Executing } from "../../client/executing.ts";
import { BadRequest } from "../../core/errors.ts";
import type { Context } from "../context.ts";
import { exitCodes } from "../exit-codes.ts";
import { type Io, type LocalTerminal, write } from "../io.ts";

export interface ExecOptions {
  /** It reads what this program does. */
  readonly interactive?: boolean;
  /** It has a terminal, which is this one. */
  readonly tty?: boolean;
}

/** Ctrl-] at a console, as in telnet and `xl console`: whoever types there sends it all else. */
const leaveKey = 0x1d;

/** Resolves with the command's exit code; as a shell has it, 128 + n where signal n has killed it. */
export async function execCommand(
  { io, endpoint }: Context,
  service: string,
  command: readonly string[],
  { interactive: input = false, tty = false }: ExecOptions,
): Promise<number> {
  const terminal = tty ? localTerminal(io) : undefined;
  const attachment = createAttachment(endpoint);
  try {
    const isConsole = command.length === 0;
    // A console has no size: whatever is at its other end takes it for what it likes.
    const size = terminal && !isConsole && { terminal: terminal.size() };
    const executing = await attachment.exec({ service, command, input, ...size });
    const typed = input ? typedAt(io, isConsole && terminal !== undefined) : undefined;
    return await follow(io, executing, typed, terminal);
  } finally {
    attachment.close();
  }
}

/** @throws BadRequest where there is none */
function localTerminal({ terminal }: Io): LocalTerminal {
  if (terminal !== undefined) return terminal;
  throw new BadRequest("-t gives the command this terminal, and input and output are none");
}

async function follow(
  io: Io,
  executing: Executing,
  typed: AsyncIterable<Uint8Array> | undefined,
  terminal: LocalTerminal | undefined,
): Promise<number> {
  let stoppedBy: string | undefined;
  const stop = (signal: string) => {
    stoppedBy = signal;
    executing.stop();
  };
  const onGone = () => stop("SIGPIPE");
  io.gone.addEventListener("abort", onGone);
  const undo = [io.onSignal(stop), () => io.gone.removeEventListener("abort", onGone)];
  const hasInput = typed !== undefined;
  if (terminal !== undefined) {
    undo.push(terminal.onResize(() => executing.resize(terminal.size())));
    if (hasInput) undo.push(terminal.raw()); // Ctrl-C, too, is the command's then.
  }
  try {
    // What cannot be read any more is told by the command, which then reads to an end.
    if (hasInput) feed(typed, executing).catch(() => executing.endInput());
    for await (const { stream, bytes } of executing.output) {
      await write(io, bytes, stream);
    }
  } finally {
    for (const one of undo) one();
    if (hasInput) io.stdin.destroy(); // Or this process would wait for its end.
  }
  return stoppedBy === undefined ? exitCodeOf(executing.exit()) : signalCode(stoppedBy);
}

/** What comes of standard input, until whoever may leave by a key does. */
async function* typedAt({ stdin }: Io, mayLeave: boolean): AsyncGenerator<Uint8Array> {
  for await (const chunk of stdin) {
    const bytes = Buffer.from(chunk);
    const end = mayLeave ? bytes.indexOf(leaveKey) : -1;
    yield end < 0 ? bytes : bytes.subarray(0, end);
    if (end >= 0) return;
  }
}

async function feed(typed: AsyncIterable<Uint8Array>, executing: Executing): Promise<void> {
  for await (const bytes of typed) {
    if (!(await executing.write(bytes))) return;
  }
  executing.endInput();
}

function exitCodeOf({ code, signal }: ExecExit = {}): number {
  return signal === undefined ? (code ?? exitCodes.failed) : signalCode(signal);
}

function signalCode(name: string): number {
  const [, number = 0] = Object.entries(constants.signals).find(([known]) => known === name) ?? [];
  return 128 + number;
}
