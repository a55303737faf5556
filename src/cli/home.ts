/** Where a user's nodes and commands keep what is theirs: `~/.mob`, or what MOB_HOME says. */
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import type { Io } from "./io.ts";

export function mobHome(io: Io): string {
  return resolve(io.env["MOB_HOME"] ?? join(homedir(), ".mob"));
}

/** Where the nodes of this host say how their user finds them. */
export function runFolder(io: Io): string {
  return join(mobHome(io), "run");
}
