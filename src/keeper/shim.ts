/**
 * The shim: a shell of some 110 KB that holds one task, so that the task outlives the node and its
 * exit is known. It waits until it is handed its task, runs it, waits for its end, and records the
 * exit. Builtins alone, no fork but the payload's own: a task starts little slower than without it.
 */
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** The descriptor on which a shim is handed its task. */
export const handFd = 3;

/**
 * `shim.sh`, with the task as one line of shell on descriptor 3; the end of file in its place ends the
 * shim, which is how that of a node that is gone goes too. The line leaves behind the path of the
 * task's records less their kind, the cgroup (`-` for none), the program and its arguments as $1, $2,
 * $3…: names of variables belong to the task, whose environment this is.
 *
 * The payload is a foreground job: a shell starts background jobs with SIGINT ignored for good. So
 * `kill 0` in the task reaches the shim, which ignores what can be ignored and has it reset in the
 * payload. A deadline that must be renewed (`at-most-one`) has its place where the payload is
 * started: a loop of its own beside it, only where RECORD.deadline exists, that reads it against
 * /proc/uptime and writes to cgroup.kill once it has passed.
 */
const shimScript = `trap '' HUP INT QUIT TERM PIPE ALRM USR1 USR2
MOB_NEWLINE='
'
IFS= read -r MOB_LINE <&${handFd} || exit
exec ${handFd}<&-
eval "$MOB_LINE" || exit
unset MOB_LINE MOB_NEWLINE
exec 3>&2 2>/dev/null
(
  { cd -P /proc/self && echo "\${PWD##*/}" && cd "$OLDPWD" || sh -c 'echo $PPID'; } >>"$1.run"
  unset OLDPWD
  shift 2
  trap - HUP INT QUIT TERM PIPE ALRM USR1 USR2
  exec "$@" 2>&3 3>&-
)
set -- "$1" "$2" "$?"
# What the task left behind dies with it, unless a stop is giving it its grace.
[ "$2" = - ] || [ -e "$1.stop" ] || echo 1 >"$2/cgroup.kill"
: >"$1.exit.$3"
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
  /** The payload: program (absolute, which spares a search) and arguments. */
  readonly command: readonly string[];
  readonly workFolder: string;
  /** Of a file that is there: the task's output is appended to it. */
  readonly outputFile: string;
  /** Added to the environment that the shim was started with. */
  readonly env: Readonly<Record<string, string>>;
}

/** The line of shell that hands over a task. */
export function handLine(task: ShimTask): string {
  const { record, cgroup = "-", command, workFolder, outputFile, env } = task;
  const exported = Object.entries(env).map(([name, value]) => `${name}=${quoted(value)}`);
  const parts = [
    `cd ${quoted(workFolder)}`,
    `exec >>${quoted(outputFile)} 2>&1`,
    ...(exported.length > 0 ? [`export ${exported.join(" ")}`] : []),
    `set -- ${[record, cgroup, ...command].map(quoted).join(" ")}`,
  ];
  return `${parts.join(" && ")}\n`;
}

/** One word for a shell, on one line whatever it holds. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`).replaceAll("\n", `'"$MOB_NEWLINE"'`)}'`;
}

function readIfAny(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
