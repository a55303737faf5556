/**
 * The shim: a shell of some 110 KB that holds one task, so that the task outlives the node and its
 * exit is known. It waits until it is told its task, runs it, waits for its end, and records the
 * exit. Builtins alone, no fork but the payload's own: a task starts little slower than without it.
 */
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** The descriptor on which a shim is told its task. */
export const handFd = 3;

/** Names that some shell gives a meaning of its own, or does not let be set: `env` sets them. */
const shellsOwn =
  /^(?:_|BASH.*|DIRSTACK|EUID|FUNCNAME|GROUPS|HISTCMD|IFS|LINENO|MOB_(?:CGROUP|LINE|NEWLINE|PID|RECORD)|OPT.*|PPID|RANDOM|SECONDS|SHELLOPTS|UID)$/;

/**
 * `shim.sh`, with the task as two lines on descriptor 3. The first is for the shim: its pid, the cgroup
 * (`-` for none), the path of the task's records less their kind. What was told to a shim that was killed
 * before it read it is left there for the next, which passes over it. The end of file in its place ends
 * the shim, which is how that of a node that is gone goes too. The second is shell, for the payload
 * alone, so that the shim stays as small as it was: it leaves behind the program and its arguments as
 * $1, $2…, since names of variables belong to the task, whose environment this is. What cannot be begun
 * is cancelled, and the shim with it.
 *
 * The payload is a foreground job: a shell starts background jobs with SIGINT ignored for good. So
 * `kill 0` in the task reaches the shim, which ignores what can be ignored and has it reset in the
 * payload. A deadline that must be renewed (`at-most-one`) has its place where the payload is
 * started: a loop of its own beside it, only where RECORD.deadline exists, that reads it against
 * /proc/uptime and writes to cgroup.kill once it has passed.
 */
const shimScript = `trap '' HUP INT QUIT TERM PIPE ALRM USR1 USR2
MOB_PID=
while [ "$MOB_PID" != $$ ]; do
  IFS=' ' read -r MOB_PID MOB_CGROUP MOB_RECORD <&${handFd} || exit
done
(
  trap 'echo cancelled >>"$MOB_RECORD.run"; kill -9 $$' EXIT
  MOB_NEWLINE='
'
  IFS= read -r MOB_LINE <&${handFd} || exit
  exec ${handFd}<&-
  eval "$MOB_LINE" || exit
  trap - EXIT
  exec 3>&2 2>/dev/null
  { cd -P /proc/self && echo "\${PWD##*/}" && cd "$OLDPWD" || sh -c 'echo $PPID'; } >>"$MOB_RECORD.run"
  unset MOB_PID MOB_CGROUP MOB_RECORD MOB_LINE MOB_NEWLINE OLDPWD _
  trap - HUP INT QUIT TERM PIPE ALRM USR1 USR2
  exec "$@" 2>&3 3>&-
)
set -- "$?"
# What the task left behind dies with it, unless a stop is giving it its grace.
[ "$MOB_CGROUP" = - ] || [ -e "$MOB_RECORD.stop" ] || echo 1 >"$MOB_CGROUP/cgroup.kill"
: >"$MOB_RECORD.exit.$1"
`;

/** Puts the shim into `folder`, whole at once: shims of an older version go on with theirs. */
export function installShim(folder: string): string {
  const path = join(folder, "shim.sh");
  if (readIfAny(path) === shimScript) return path;
  writeFileSync(`${path}.new`, shimScript, { mode: 0o600 });
  renameSync(`${path}.new`, path);
  return path;
}

/** What a shim is handed. */
export interface ShimTask {
  /** Path of the task's records, less their kind. */
  readonly record: string;
  readonly cgroup: string | undefined;
  /** Cgroups that the payload enters before it runs: those that limit it. */
  readonly groups: readonly string[];
  /** The payload: program (absolute, which spares a search) and arguments. */
  readonly command: readonly string[];
  readonly workFolder: string;
  /** Of a file that is there: the task's output is appended to it. */
  readonly outputFile: string;
  /** Added to the environment that the shim was started with. */
  readonly env: Readonly<Record<string, string>>;
}

/**
 * The lines that hand a task over to the shim of that pid.
 * @throws Error where it holds what no process can be given
 */
export function handLines(pid: number, task: ShimTask): string {
  const { record, cgroup = "-", groups, command, workFolder, outputFile, env } = task;
  const byShell = Object.entries(env).filter(([name]) => !shellsOwn.test(name));
  const byEnv = Object.entries(env).filter(([name]) => shellsOwn.test(name));
  const exported = byShell.map(([name, value]) => `${name}=${quoted(value)}`);
  const setting = byEnv.map(([name, value]) => `${name}=${value}`);
  const program = setting.length > 0 ? ["/usr/bin/env", ...setting, ...command] : command;
  const parts = [
    ...groups.map((group) => `echo 0 >${quoted(`${group}/cgroup.procs`)}`),
    `cd ${quoted(workFolder)}`,
    `exec >>${quoted(outputFile)} 2>&1`,
    ...(exported.length > 0 ? [`export ${exported.join(" ")}`] : []),
    `set -- ${program.map(quoted).join(" ")}`,
  ];
  const first = `${pid} ${cgroup} ${record}`;
  if (first.includes("\n")) throw new Error(`a path holds a line break: ${JSON.stringify(record)}`);
  return `${first}\n${parts.join(" && ")}\n`;
}

/** One word for a shell, on one line whatever it holds. */
function quoted(text: string): string {
  if (text.includes("\0")) throw new Error("an argument or a variable holds a zero byte");
  return `'${text.replaceAll("'", `'\\''`).replaceAll("\n", `'"$MOB_NEWLINE"'`)}'`;
}

function readIfAny(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
