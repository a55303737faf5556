/**
 * Runs a task as another user, which takes a node that runs as root. setpriv(1) of util-linux does it,
 * since it becomes the program and no process stays in between; it is no part of a task's start where
 * no user is asked for. getent(1) knows users by whatever the machine knows them (files, LDAP…).
 */
import { execa } from "execa";
import { Unavailable } from "../../core/errors.ts";
import type { Owner } from "../../keeper/kept-task.ts";
import { findProgram } from "../../keeper/program.ts";
import type { WantedUser } from "./params.ts";

type Environment = Readonly<Record<string, string>>;

export interface RunAs {
  readonly owner: Owner;
  /** What comes before a program, with its arguments, for it to run so. */
  readonly prefix: readonly string[];
  /** Of a session of that user's: HOME, USER and LOGNAME. */
  readonly env: Environment;
}

/** A directory that is asked over the network may not answer. */
const askTimeoutMs = 10_000;
/** getent(1): a key that was not found. */
const notFoundCode = 2;

/**
 * The user has its supplementary groups, whatever its group; no inheritable capability is left.
 * @param env of the node, for its PATH
 * @throws Unavailable when the node may not, or the machine does not know the user or the group
 */
export async function runAs(wanted: WantedUser, env: Environment): Promise<RunAs> {
  const whyNot = await whyNoUsers(env);
  if (whyNot !== undefined) throw new Unavailable(whyNot);
  const setpriv = await findProgram("setpriv", env["PATH"]);
  const known = await lookUp("passwd", wanted.user, env);
  const [name = wanted.user, , uid = wanted.user, ownGid, , home] = known ?? [];
  if (!isId(uid)) throw new Unavailable(`there is no user ${wanted.user} on this node`);
  const gid = wanted.group === undefined ? ownGid : await findGroup(wanted.group, env);
  if (gid === undefined || !isId(gid)) {
    throw new Unavailable(
      `there is no user ${wanted.user} on this node, so a group is needed too: ${wanted.user}:GROUP`,
    );
  }
  const groups = known === undefined ? "--clear-groups" : "--init-groups";
  return {
    owner: { uid: Number(uid), gid: Number(gid) },
    prefix: [setpriv, `--reuid=${uid}`, `--regid=${gid}`, groups, "--inh-caps=-all", "--"],
    env: { HOME: home || "/", USER: name, LOGNAME: name },
  };
}

/** Why no task can run as another user here; undefined where one can. */
export async function whyNoUsers(env: Environment): Promise<string | undefined> {
  const uid = process.getuid?.();
  if (uid !== 0) return `only a node that runs as root can do so, and this one runs as uid ${uid}`;
  for (const tool of ["setpriv", "getent"]) {
    const found = await findProgram(tool, env["PATH"]).catch(() => undefined);
    if (found === undefined) return `${tool} is not on the PATH of this node`;
  }
  return undefined;
}

async function findGroup(group: string, env: Environment): Promise<string> {
  if (isId(group)) return group;
  const gid = (await lookUp("group", group, env))?.[2];
  if (gid === undefined) throw new Unavailable(`there is no group ${group} on this node`);
  return gid;
}

function isId(word: string): boolean {
  return /^\d+$/.test(word);
}

/** The fields of an entry, as passwd(5) and group(5) have them; undefined where there is none. */
async function lookUp(
  database: "passwd" | "group",
  key: string,
  env: Environment,
): Promise<readonly string[] | undefined> {
  const asked = await execa("getent", [database, key], {
    env,
    extendEnv: false,
    stdin: "ignore",
    timeout: askTimeoutMs,
    reject: false,
  });
  if (asked.exitCode === notFoundCode) return undefined;
  if (asked.failed) throw new Unavailable(`getent ${database} ${key}: ${asked.shortMessage}`);
  return asked.stdout.split(":");
}
