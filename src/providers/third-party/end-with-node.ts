/**
 * Has a process end with its node, whatever it is at: one in an endless loop does not see its channel
 * close. The kernel does it (PR_SET_PDEATHSIG of prctl(2)), asked by setpriv(1) of util-linux.
 */
import { execa } from "execa";
import { findProgram } from "../../keeper/program.ts";

/** What comes before a program; empty where the machine has no such thing, as macOS. */
export async function endWithNode(
  env: Readonly<Record<string, string>>,
): Promise<readonly string[]> {
  const setpriv = await findProgram("setpriv", env["PATH"]).catch(() => undefined);
  if (setpriv === undefined) return [];
  const prefix = [setpriv, "--pdeathsig", "KILL"];
  const tried = await execa(setpriv, [...prefix.slice(1), setpriv, "--version"], {
    env,
    extendEnv: false,
    stdin: "ignore",
    reject: false,
  });
  return tried.failed ? [] : prefix;
}
