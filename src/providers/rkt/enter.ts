/**
 * How a command comes to run in a pod. `rkt enter` would do without the pod's environment, its user and its mounts,
 * which are in a namespace of their own; nsenter(1) has them all.
 */
import { readFileSync, readlinkSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { Unavailable } from "../../core/errors.ts";
import { findProgram } from "../../keeper/program.ts";

type Environment = Readonly<Record<string, string>>;

export interface Entered {
  /** What comes before a program, with its arguments. */
  readonly prefix: readonly string[];
  /** Of the pod's app. */
  readonly env: Environment;
}

const lookEveryMs = 10;
const looksMax = 1_000;

/**
 * @param pid of the pod's app, which may be on its way to become that
 * @param env of the node, for its PATH
 * @throws Unavailable when nothing runs there
 */
export async function enterPod(pid: number, env: Environment): Promise<Entered> {
  const nsenter = await findProgram("nsenter", env["PATH"]);
  const own = await appEnv(pid);
  const [uid, gid] = [idOf(pid, "Uid"), idOf(pid, "Gid")];
  const as = [`--setuid=${uid}`, `--setgid=${gid}`];
  return {
    prefix: [nsenter, `--target=${pid}`, "--mount", "--net", "--root", "--wd", ...as, "--"],
    env: own,
  };
}

/** The environment of an app, once it runs: before, the process is rkt's, with the host's root or rkt's lock. */
async function appEnv(pid: number): Promise<Environment> {
  for (let look = 0; look < looksMax; look++) {
    const env = envIfApp(pid);
    if (env !== undefined) return env;
    if (!isAliveAt(pid)) break;
    await setTimeout(lookEveryMs, undefined, { ref: false });
  }
  throw new Unavailable("its pod has nothing in it that runs");
}

function envIfApp(pid: number): Environment | undefined {
  try {
    if (readlinkSync(`/proc/${pid}/root`) === "/") return undefined;
    const entries = readFileSync(`/proc/${pid}/environ`, "utf8")
      .split("\0")
      .filter((entry) => entry.includes("="))
      .map((entry): [string, string] => {
        const at = entry.indexOf("=");
        return [entry.slice(0, at), entry.slice(at + 1)];
      });
    const env = Object.fromEntries(entries);
    return "RKT_LOCK_FD" in env ? undefined : env;
  } catch {
    return undefined;
  }
}

function isAliveAt(pid: number): boolean {
  try {
    readlinkSync(`/proc/${pid}/root`);
    return true;
  } catch {
    return false; // It has ended.
  }
}

/** The effective one. @throws Unavailable when it has ended */
function idOf(pid: number, kind: "Uid" | "Gid"): string {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    const [, id] = new RegExp(`^${kind}:\\s+\\d+\\s+(\\d+)`, "m").exec(status) ?? [];
    if (id !== undefined) return id;
  } catch {
    // It has ended, which is told below.
  }
  throw new Unavailable("its pod has nothing in it that runs");
}
