/**
 * Runs a command in a container, through the engine. An engine cannot be asked to end one, so that is
 * done on the host, as far as the node may: else it ends by itself, or with the container.
 */
import { readlinkSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { Unavailable } from "../../core/errors.ts";
import { parseExitStatus } from "../../keeper/exit.ts";
import { OutputHead } from "../../keeper/output-head.ts";
import type { ExecRequest, ExecResult, Exit } from "../provider.ts";
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

/** @throws Unavailable when the container does not run, or the engine does not answer */
export async function execIn(
  engine: Engine,
  { id, pid }: Running,
  request: Pick<ExecRequest<unknown>, "command" | "signal" | "outputBytesMax">,
): Promise<ExecResult> {
  const { command, signal, outputBytesMax } = request;
  const { exec, output } = await engine.exec(id, command);
  const head = new OutputHead(outputBytesMax);
  const end = () =>
    void endCommand(engine, exec, pid).then((isEnding) => isEnding || output.destroy());
  signal.addEventListener("abort", end, { once: true });
  if (signal.aborted) end();
  try {
    const frames = new Frames();
    for await (const chunk of output) for (const bytes of frames.push(chunk)) head.add(bytes);
  } catch (error) {
    if (!signal.aborted) throw new Unavailable("its output broke off", { cause: error });
  } finally {
    signal.removeEventListener("abort", end);
  }
  return { exit: await exitOf(engine, exec), output: head.text };
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
