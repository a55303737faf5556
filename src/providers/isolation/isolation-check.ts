/**
 * Whether tasks can be isolated here, for who asks each minute. To try it takes three processes and as many
 * namespaces; so what a try has found possible is taken to be so as long as all is the same that it took and
 * that can be looked at: the programs, and the kernel's settings.
 */
import { stat } from "node:fs/promises";
import { findProgram } from "../../keeper/program.ts";
import { readSmallText } from "../../keeper/small-file.ts";
import { whyNoIsolation } from "./sandbox.ts";

type Environment = Readonly<Record<string, string>>;

/** It is tried anew after this, whatever is the same: a security module's policy, say, cannot be looked at. */
export const triedMsMax = 600_000;

/** Files in /proc/sys, of which a kernel need not have all. */
const settings = [
  "user/max_user_namespaces",
  "user/max_mnt_namespaces",
  "user/max_pid_namespaces",
  "user/max_ipc_namespaces",
  "user/max_net_namespaces",
  "kernel/unprivileged_userns_clone",
  "kernel/apparmor_restrict_unprivileged_userns",
];

export class IsolationCheck {
  readonly #env: Environment;
  readonly #keeper: string;
  readonly #now: () => number;
  /** What the last try took that succeeded. */
  #able: { readonly by: string; readonly atMs: number } | undefined;

  /** @param env of the node; @param keeper folder of all tasks; @param now monotonic clock, ms */
  constructor(env: Environment, keeper: string, now = () => performance.now()) {
    this.#env = env;
    this.#keeper = keeper;
    this.#now = now;
  }

  /** Why no task can be isolated here; undefined: any can. */
  async whyNot(): Promise<string | undefined> {
    const atMs = this.#now();
    const by = await this.#taken();
    const { by: before, atMs: triedAtMs = 0 } = this.#able ?? {};
    if (by !== undefined && by === before && atMs < triedAtMs + triedMsMax) return undefined;
    const whyNot = await whyNoIsolation(this.#env, this.#keeper);
    this.#able = whyNot === undefined && by !== undefined ? { by, atMs } : undefined;
    return whyNot;
  }

  /** Undefined: one of the programs is not there. */
  async #taken(): Promise<string | undefined> {
    const { PATH } = this.#env;
    try {
      const found = ["bwrap", "nsenter"].map((name) => findProgram(name, PATH));
      const programs = ["/bin/sh", "/usr/bin/env", ...(await Promise.all(found))];
      const identities = await Promise.all(programs.map(identityOf));
      const values = settings.map((name) => readSmallText(`/proc/sys/${name}`) ?? "");
      return [...identities, ...values].join("\n");
    } catch {
      return undefined;
    }
  }
}

/** Another where it was replaced, written to, or is open to others. */
async function identityOf(path: string): Promise<string> {
  const { dev, ino, size, mtimeMs, ctimeMs } = await stat(path);
  return [path, dev, ino, size, mtimeMs, ctimeMs].join(" ");
}
