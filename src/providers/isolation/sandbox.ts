/**
 * Isolates a process from its machine by bubblewrap (bwrap(1)): namespaces of mounts, processes and IPC, on
 * request of networks, and the capabilities of a container at most. bwrap stays as the parent, and passes on
 * the exit.
 */
import { readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { execa } from "execa";
import { messageOf, Unavailable } from "../../core/errors.ts";
import { checkPath, findProgram } from "../../keeper/program.ts";
import { inParameter } from "../named-parameter.ts";
import type { TaskVolume } from "../provider.ts";
import type { Isolation } from "./params.ts";

type Environment = Readonly<Record<string, string>>;

/** Folders of the machine that a task finds there. */
export interface SandboxFolders {
  /** Of all tasks of its keeper: read alone. */
  readonly keeper: string;
  /** Its own. */
  readonly work: string;
  /** That it runs in. */
  readonly cwd: string;
  readonly volumes: readonly TaskVolume[];
}

/** Each task has its own, which goes with it. */
const temporary = ["/tmp", "/var/tmp"];
/** Settings of the kernel's, which root may write without any capability. */
const ofKernel = ["/proc/sys", "/proc/sysrq-trigger"];
/** Capabilities that root keeps: none with which a read-only mount could be written. */
const kept = [
  "CHOWN",
  "DAC_OVERRIDE",
  "FOWNER",
  "FSETID",
  "KILL",
  "NET_BIND_SERVICE",
  "SETGID",
  "SETPCAP",
  "SETUID",
];
/** bwrap must survive what is sent to the whole tree, to tell how that has ended; what it runs must not. */
const ignoreSignals = `trap '' HUP INT QUIT ABRT TERM PIPE ALRM USR1 USR2 WINCH; exec "$@"`;
const probeMsMax = 10_000;
/** How often, and how many times, is looked for what has only just been started. */
const lookEveryMs = 10;
const looksMax = 1_000;

/**
 * What comes before a program, with its arguments, for it to run isolated.
 * @param env of the node, for its PATH
 * @throws Unavailable naming the parameter that cannot be had on this node, and why
 */
export async function isolatedBy(
  isolation: Isolation,
  folders: SandboxFolders,
  env: Environment,
): Promise<readonly string[]> {
  const bwrap = await inParameter("isolation", findProgram("bwrap", env["PATH"]));
  for (const [index, path] of isolation.writable.entries()) {
    await inParameter(`isolation.writable[${index}]`, checkPath(path));
  }
  return [
    "/bin/sh",
    "-c",
    ignoreSignals,
    "sh",
    bwrap,
    ...sandboxArgs(isolation, folders),
    ...become,
  ];
}

/** env(1) has signals do what they do by default, which `ignoreSignals` has undone. */
const become = ["--", "/usr/bin/env", "--default-signal"];

function sandboxArgs(
  { network, writable, hidden }: Isolation,
  { keeper, work, cwd, volumes }: SandboxFolders,
): readonly string[] {
  const emptied = [...temporary, ...hidden];
  const isEmptied = (path: string) => emptied.some((folder) => path.startsWith(`${folder}/`));
  // Elsewhere the machine has a link there, made for the task.
  const links = volumes.filter(({ at }) => isEmptied(at));
  return [
    ...["--ro-bind", "/", "/", "--dev", "/dev"],
    ...emptied.flatMap((path) => ["--tmpfs", path]),
    // Before what may be mounted where they are, with the machine's in it.
    ...links.flatMap(({ folder, at }) => ["--symlink", folder, at]),
    ...["--ro-bind", keeper, keeper, "--bind", work, work],
    ...volumes.flatMap(({ folder }) => ["--bind", folder, folder]),
    ...writable.flatMap((path) => ["--bind", path, path]),
    ...["--unshare-pid", "--proc", "/proc", "--unshare-ipc"],
    ...ofKernel.flatMap((path) => ["--ro-bind-try", path, path]),
    ...(network ? [] : ["--unshare-net"]),
    ...capabilityArgs(),
    ...["--chdir", cwd],
  ];
}

/** Of any other user bwrap takes them all. */
function capabilityArgs(): readonly string[] {
  if (process.getuid?.() !== 0) return [];
  return ["--cap-drop", "ALL", ...kept.flatMap((name) => ["--cap-add", `CAP_${name}`])];
}

/**
 * What comes before a program for it to run in the isolation of a task.
 * @param pid the task's, as its handle has it: bwrap's
 * @throws Unavailable where nothing runs in there, or a tool is missing
 */
export async function insideOf(
  pid: number,
  cwd: string,
  env: Environment,
): Promise<readonly string[]> {
  const nsenter = await findProgram("nsenter", env["PATH"]);
  const enter = [
    nsenter,
    "--target",
    String(await firstIn(pid)),
    "--all",
    "--preserve-credentials",
  ];
  const inFolder = ["/usr/bin/env", "-C", cwd];
  if (process.getuid?.() !== 0) return [...enter, "--", ...inFolder];
  // Whoever enters brings the node's capabilities along.
  const bwrap = await findProgram("bwrap", env["PATH"]);
  return [...enter, "--", bwrap, "--dev-bind", "/", "/", ...capabilityArgs(), "--", ...inFolder];
}

/** The first process in there: bwrap's only child, once that is at its work, which is to have the task as its own. */
async function firstIn(pid: number): Promise<number> {
  for (let look = 0; look < looksMax; look++) {
    const first = firstChildOf(pid);
    if (first !== undefined && firstChildOf(first) !== undefined) return first;
    await setTimeout(lookEveryMs, undefined, { ref: false });
  }
  throw new Unavailable("its isolation has nothing in it that runs");
}

function firstChildOf(pid: number): number | undefined {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
    return children === "" ? undefined : Number.parseInt(children, 10);
  } catch {
    return undefined; // It has ended.
  }
}

/** Why no task can be isolated here; undefined: any can. Tried, since what allows it is many things. */
export async function whyNoIsolation(
  env: Environment,
  keeper: string,
): Promise<string | undefined> {
  const isolation = { network: false, writable: [], hidden: [] };
  const folders = { keeper, work: keeper, cwd: keeper, volumes: [] };
  try {
    await findProgram("nsenter", env["PATH"]);
    const [shell = "", ...args] = await isolatedBy(isolation, folders, env);
    const options = { env, extendEnv: false, stdin: "ignore", timeout: probeMsMax } as const;
    await execa(shell, [...args, "true"], options);
    return undefined;
  } catch (error) {
    if (error instanceof Unavailable) return error.message.replace(/^params\.isolation: /, "");
    return stderrOf(error) || messageOf(error);
  }
}

function stderrOf(error: unknown): string {
  const said = error instanceof Error && "stderr" in error ? error.stderr : undefined;
  return typeof said === "string" ? said.trim() : "";
}
