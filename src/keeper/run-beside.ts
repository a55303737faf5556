/**
 * Runs a command beside a task, as a part of its tree: what it leaves behind ends with the task. It is
 * the node's own child, so it ends with the node too, and needs no shim.
 */
import { type ChildProcess, spawn } from "node:child_process";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { messageOf, Unavailable } from "../core/errors.ts";
import type { Exit } from "./exit.ts";
import { closeInherited } from "./inherited-fds.ts";
import type { ProcessTree } from "./process-tree.ts";

/** Where a command writes. */
export type OutputStream = "stdout" | "stderr";

export interface BesideRequest {
  /** Once aborted, the command and what it has forked in its session are killed. */
  readonly signal: AbortSignal;
  /** Takes each piece of what it writes. The next one of that stream comes once the promise is settled. */
  readonly output: (bytes: Uint8Array, stream: OutputStream) => void | Promise<void>;
  /** What it reads, taken no faster than it does; default: nothing. */
  readonly input?: AsyncIterable<Uint8Array>;
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
`;
/** Node's pipes are sockets, which no one can open as /dev/stdin, and from which bash infers a remote login. */
const readPipe = "exec < <(exec cat 2>/dev/null)\n";
const readNothing = "exec </dev/null\n";
const become = 'exec "$@"';

/**
 * Resolves once it has ended, and all that it wrote was taken.
 * @param bash its path
 * @throws Unavailable when it cannot be started
 */
export async function runBeside(
  bash: string,
  tree: ProcessTree,
  { command, env, cwd }: Command,
  { signal, output, input }: BesideRequest,
): Promise<Exit> {
  const script = `${enterScript}${input === undefined ? readNothing : readPipe}${become}`;
  const args = ["--norc", "-pc", script, "mob-beside", ...tree.enter(), "--", ...command];
  const child = spawn(bash, args, { cwd, env, detached: true, stdio: ["pipe", "pipe", "pipe"] });
  const kill = () => {
    killSession(child.pid);
    // Another may have them open, in a session of its own: no one waits for that.
    child.stdout.destroy();
    child.stderr.destroy();
  };
  signal.addEventListener("abort", kill, { once: true });
  if (signal.aborted) kill();
  const passed = [passOn(child.stdout, "stdout", output), passOn(child.stderr, "stderr", output)];
  // One that does not read to the end is no failure.
  pipeline(input ?? [], child.stdin).catch(() => {});
  try {
    const exit = await exitOf(child);
    child.stdin.destroy();
    await Promise.all(passed);
    return exit;
  } catch (cause) {
    throw new Unavailable(`${command[0]} could not be run: ${messageOf(cause)}`, { cause });
  } finally {
    signal.removeEventListener("abort", kill);
    tree.left();
  }
}

function exitOf(child: ChildProcess): Promise<Exit> {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) =>
      resolve(signal === null ? { kind: "exited", code: code ?? 0 } : { kind: "signaled", signal }),
    );
  });
}

/** Never rejects: what breaks off is told by the command's end. */
async function passOn(
  stream: Readable,
  name: OutputStream,
  output: BesideRequest["output"],
): Promise<void> {
  try {
    for await (const bytes of stream) await output(bytes, name);
  } catch {
    // It was given up.
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
