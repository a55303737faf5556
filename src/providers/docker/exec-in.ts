/**
 * Runs a command in a container, through the engine. An engine cannot be asked to end one, so that is
 * done on the host, as far as the node may: else it ends by itself, or with the container.
 */
import { readlinkSync } from "node:fs";
import type { Duplex } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout } from "node:timers/promises";
import { Unavailable } from "../../core/errors.ts";
import { parseExitStatus } from "../../keeper/exit.ts";
import type { ExecRequest, Exit, TerminalSize } from "../provider.ts";
import type { Engine } from "./engine.ts";
import { Frames } from "./frames.ts";

/** How often, and how many times, an engine is asked that is a moment behind what has happened. */
const lookEveryMs = 20;
const looksMax = 50;

/** A container that runs. `pid`: of its main process, on the host. */
interface Running {
  readonly id: string;
  readonly pid: number;
}

type Request = Omit<ExecRequest<unknown>, "params" | "env">;

/** @throws Unavailable when the container does not run, or the engine does not answer */
export async function execIn(
  engine: Engine,
  { id, pid }: Running,
  request: Request,
): Promise<Exit> {
  const { command, signal, input, terminal } = request;
  const wanted = { hasInput: input !== undefined, hasTerminal: terminal !== undefined };
  const { exec, stream } = await engine.exec(id, command, wanted);
  const end = () =>
    void endCommand(engine, exec, pid).then((isEnding) => isEnding || stream.destroy());
  signal.addEventListener("abort", end, { once: true });
  if (signal.aborted) end();
  if (terminal !== undefined) {
    // One that has ended has no size, and an engine that lost one is told of the next.
    const resize = (size: TerminalSize) => void engine.resizeExec(exec, size).catch(() => {});
    resize(terminal);
    terminal.onResize(resize);
  }
  if (input !== undefined) pipeline(input, stream).catch(() => {}); // It need not read to the end.
  let broken: unknown;
  try {
    await passOn(stream, request);
  } catch (error) {
    broken = error;
  } finally {
    signal.removeEventListener("abort", end);
    stream.destroy();
  }
  const exit = await exitOf(engine, exec);
  if (broken === undefined || signal.aborted || isEndUnread(broken, exit)) return exit;
  throw new Unavailable("its output broke off", { cause: broken });
}

/**
 * Whether that is how the output of a command ends which leaves input unread: the system then resets the connection
 * as the engine closes it, and hands out all that had come before.
 */
function isEndUnread(error: unknown, exit: Exit): boolean {
  const isReset = error instanceof Error && "code" in error && error.code === "ECONNRESET";
  return isReset && exit.kind !== "unknown";
}

/** A terminal has one stream, which is told as it is; else what is of which is told by frames. */
async function passOn(stream: Duplex, { terminal, output }: Request): Promise<void> {
  const frames = new Frames();
  for await (const chunk of stream) {
    if (terminal !== undefined) await output(chunk, "stdout");
    else for (const { bytes, stream: name } of frames.push(chunk)) await output(bytes, name);
  }
}

/** The engine may know the end of the output before that of the command. */
async function exitOf(engine: Engine, exec: string): Promise<Exit> {
  for (let look = 0; look < looksMax; look++) {
    const { code } = await engine.execState(exec);
    if (code !== null) return parseExitStatus(String(code)) ?? { kind: "exited", code };
    await setTimeout(lookEveryMs, undefined, { ref: false });
  }
  return { kind: "unknown", reason: "it could not be ended" };
}

/** Whether it ends now, if it has not. One that has just begun is yet to get into the container. */
async function endCommand(engine: Engine, exec: string, mainPid: number): Promise<boolean> {
  try {
    for (let look = 0; look < looksMax; look++) {
      const { code, pid } = await engine.execState(exec);
      if (code !== null) return true;
      if (pid > 0 && isInContainer(pid, mainPid)) return process.kill(pid, "SIGKILL");
      await setTimeout(lookEveryMs, undefined, { ref: false });
    }
  } catch {
    // It is not the node's to end.
  }
  return false;
}

/**
 * Whether a process is one of the container: where the engine runs in a machine of its own, its pids are
 * of others here. @throws Error of the system where the node may not look
 */
function isInContainer(pid: number, mainPid: number): boolean {
  const [own, main, mounts] = ["self", mainPid, pid].map((of) =>
    readlinkSync(`/proc/${of}/ns/mnt`),
  );
  return mounts === main && mounts !== own;
}
