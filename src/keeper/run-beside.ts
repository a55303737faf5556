/**
 * Runs a command beside a task, as a part of its tree: what it leaves behind ends with the task. It is
 * the node's own child, so it ends with the node too, and needs no shim.
 */
import { spawn } from "node:child_process";
import { Unavailable } from "../core/errors.ts";
import type { Exit } from "./exit.ts";
import { closeInherited } from "./inherited-fds.ts";
import { OutputHead } from "./output-head.ts";
import type { ProcessTree } from "./process-tree.ts";

export interface BesideRequest {
  /** Once aborted, the command and what it has forked in its session are killed. */
  readonly signal: AbortSignal;
  /** Of its output; what is over is dropped. */
  readonly outputBytesMax: number;
}

export interface BesideResult {
  readonly exit: Exit;
  /** The beginning of what it wrote, both streams as they came. */
  readonly output: string;
}

/** What to run: all of its environment, and a folder that is there. */
interface Command {
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
}

/**
 * Moves the shell into cgroups before it becomes the command: whatever that forks is born there. Of bash's
 * own variables the command has SHLVL, which bash sets as it executes.
 */
const enterScript = `${closeInherited(3)}
while [ "$1" != -- ]; do echo 0 >"$1/cgroup.procs" || exit; shift; done
shift
unset OLDPWD _
exec "$@"`;

/**
 * @param bash its path
 * @throws Unavailable when it cannot be started
 */
export async function runBeside(
  bash: string,
  tree: ProcessTree,
  { command, env, cwd }: Command,
  { signal, outputBytesMax }: BesideRequest,
): Promise<BesideResult> {
  const args = ["--norc", "-pc", enterScript, "mob-beside", ...tree.enter(), "--", ...command];
  try {
    return await new Promise((resolve, reject) => {
      const child = spawn(bash, args, {
        cwd,
        env,
        detached: true,
        stdio: ["ignore", "pipe", "pipe"],
      });
      const kill = () => killSession(child.pid);
      const head = new OutputHead(outputBytesMax);
      for (const stream of [child.stdout, child.stderr]) {
        stream.on("data", (bytes: Uint8Array) => head.add(bytes));
      }
      child.once("error", (cause) => {
        signal.removeEventListener("abort", kill);
        reject(new Unavailable(`${command[0]} could not be run: ${cause.message}`, { cause }));
      });
      child.once("close", (code, name) => {
        signal.removeEventListener("abort", kill);
        const exit: Exit =
          name === null ? { kind: "exited", code: code ?? 0 } : { kind: "signaled", signal: name };
        resolve({ exit, output: head.text });
      });
      signal.addEventListener("abort", kill, { once: true });
      if (signal.aborted) kill();
    });
  } finally {
    tree.left();
  }
}

function killSession(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended, and its end is told.
  }
}
