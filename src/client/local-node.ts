/**
 * Finds the node of this user that runs on a port of this host: by what it wrote in `~/.mob/run`, and
 * not by asking whoever has the port, who may be anyone.
 */
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { parseRunFile } from "../api/run-file.ts";
import { Forbidden, messageOf, Unreachable } from "../core/errors.ts";
import type { LocalEndpoint } from "./endpoint.ts";

/**
 * @throws Unreachable when no node of this user runs there, Forbidden when what is found is another
 * user's
 */
export function findLocalNode(runFolder: string, port: number): LocalEndpoint {
  const file = join(runFolder, String(port));
  const text = read(file, port);
  refuseOthers(file);
  const told = parseRunFile(text);
  if (told === undefined) {
    throw new Unreachable(`${file} cannot be read as a node writes it: start the node again`);
  }
  refuseOthers(told.socket);
  return { kind: "local", port, socketPath: told.socket };
}

function read(file: string, port: number): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    if (hasCode(cause, "ENOENT")) {
      throw new Unreachable(
        `no node of yours runs on port ${port} (there is no ${file}): start one with \`mob -p ${port}\``,
        { cause },
      );
    }
    if (hasCode(cause, "EACCES")) {
      throw new Forbidden(`the node on port ${port} is another user's: ${messageOf(cause)}`, {
        cause,
      });
    }
    throw new Unreachable(`${file} cannot be read: ${messageOf(cause)}`, { cause });
  }
}

/** What another user wrote may lead anywhere; what is gone is told when it is connected to. */
function refuseOthers(path: string): void {
  const user = process.getuid?.();
  try {
    const { uid } = statSync(path);
    if (user === undefined || uid === user) return;
    throw new Forbidden(`${path} is of another user (${uid}; you are ${user})`);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return;
    if (hasCode(error, "EACCES")) throw new Forbidden(`${path} is another user's`);
    throw error;
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
