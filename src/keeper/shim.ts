/**
 * The shim: a shell of some 110 KB that holds one task, so that the task outlives the node and its
 * exit is known. It claims the task before it runs it (see run-record.ts), waits, and records the
 * exit. Builtins alone, no fork but the payload's own: a task starts little slower than without it.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * `shim.sh RECORD BOOT-ID CGROUP PROGRAM [ARGUMENT…]`, RECORD being the path of the records less
 * their kind, and CGROUP `-` for none. Standard output and error are the task's.
 *
 * The payload is a foreground job: a shell starts background jobs with SIGINT ignored for good. So
 * `kill 0` in the task reaches the shim, which ignores what can be ignored and has it reset in the
 * payload. A deadline that must be renewed (`at-most-one`) has its place where the payload is
 * started: a loop of its own beside it, only where RECORD.deadline exists, that reads it against
 * /proc/uptime and writes to cgroup.kill once it has passed.
 */
const shimScript = `set -C
trap '' HUP INT QUIT TERM PIPE ALRM USR1 USR2
exec 3>&2 2>/dev/null
record=$1 boot=$2 cgroup=$3
shift 3
ticks() { ticks=\${20:--}; }
stat=
read -r stat </proc/self/stat
ticks \${stat##*) }
echo "$$ $ticks $boot $cgroup" >"$record.run" || exit
# Removed before we got here: whoever removes takes the script away first, then the claim.
[ -e "$record.script" ] || { rm -f "$record.run"; exit; }
(
  cd -P /proc/self && pid=\${PWD##*/} && cd "$OLDPWD" || pid=$(exec sh -c 'echo $PPID')
  unset OLDPWD
  echo "$pid" >>"$record.run"
  trap - HUP INT QUIT TERM PIPE ALRM USR1 USR2
  exec "$@" 2>&3 3>&-
)
code=$?
# What the task left behind dies with it, unless a stop is giving it its grace.
[ "$cgroup" = - ] || [ -e "$record.stop" ] || echo 1 >|"$cgroup/cgroup.kill"
: >"$record.exit.$code"
`;

/** Puts the shim into `folder`, whole at once: shims of an older version go on with theirs. */
export function installShim(folder: string): string {
  const path = join(folder, "shim.sh");
  if (readIfAny(path) === shimScript) return path;
  writeFileSync(`${path}.new`, shimScript, { mode: 0o600 });
  renameSync(`${path}.new`, path);
  return path;
}

export interface ShimOptions {
  /** Where `installShim` put it. */
  readonly shim: string;
  /** Path of the task's records, less their kind. */
  readonly record: string;
  readonly bootId: string;
  readonly cgroup: string | undefined;
  /** The payload: program (absolute, which spares a search) and arguments. */
  readonly command: readonly string[];
  readonly workFolder: string;
  readonly env: Readonly<Record<string, string>>;
  /** Descriptor of the output file, opened to append. */
  readonly outputFd: number;
}

/**
 * Starts a shim in a session of its own. Not by execa: that costs 2 ms more a start, and sets up
 * promises and streams for a process that is only ever left alone.
 */
export function spawnShim(options: ShimOptions): ChildProcess {
  const { shim, record, bootId, cgroup = "-", command, workFolder, env, outputFd } = options;
  return spawn("/bin/sh", [shim, record, bootId, cgroup, ...command], {
    cwd: workFolder,
    env,
    detached: true,
    // Never a pipe: bash takes a socket on its standard input for rshd and reads ~/.bashrc.
    stdio: ["ignore", outputFd, outputFd],
  });
}

function readIfAny(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
