/**
 * Parameters of an exec service: a program and its arguments, which no shell reads in between, and
 * where and as whom it runs.
 */
import { Fields, type Place } from "../../core/reading.ts";
import { listOf, processText, text } from "../../core/value-readers.ts";
import { readParams } from "../params.ts";

export interface ExecParams {
  /** An absolute path, or a name that is looked up on the PATH. */
  readonly program: string;
  readonly args: readonly string[];
  /** Absolute; undefined: the instance's own work folder. */
  readonly cwd: string | undefined;
  /** Undefined: whom the node runs as. */
  readonly user: WantedUser | undefined;
}

/** Names, or ids in decimal, as they were given. */
export interface WantedUser {
  readonly user: string;
  /** Undefined: the user's own. */
  readonly group: string | undefined;
}

const argsMax = 4_096;
/** In any script these are less than the 128 KiB that Linux allows an argument. */
const argCharsMax = 32_768;
/** One less than (uid_t)-1, which to the kernel means nobody at all. */
const idMax = 0xfffffffe;

const program = text(
  /^(?:\/[^\0]{1,4094}|[^/\0]{1,255})$/,
  "an absolute path, or a name to look up on the PATH; its arguments belong in args",
);
const folder = text(/^\/[^\0]{0,4094}$/, "an absolute path");

/** @throws InvalidSpec with every error and its path below `params`. */
export function parseExecParams(input: unknown): ExecParams {
  return readParams("exec", input, (value, at) => {
    const fields = new Fields(value, at, "an object with a program");
    const params = {
      program: fields.required("program", program),
      args: fields.optional("args", listOf(processText(argCharsMax), argsMax), []),
      cwd: fields.optional("cwd", folder, undefined),
      user: fields.optional("user", readUser, undefined),
    };
    fields.end();
    return params;
  });
}

/** `name`, `1000`, `name:group`, `1000:1000`; YAML reads a lone uid as a number. */
function readUser(value: unknown, at: Place): WantedUser {
  const given = Number.isInteger(value) ? String(value) : value;
  const match = typeof given === "string" ? /^([^:]+)(?::([^:]+))?$/.exec(given) : null;
  const [, user = "", group] = match ?? [];
  if (!isName(user) || (group !== undefined && !isName(group))) {
    at.wrong("must be a user, like www-data or 1000, or user:group");
  }
  return { user, group };
}

function isName(word: string): boolean {
  if (/^\d+$/.test(word)) return Number(word) <= idMax;
  return /^[^\s\0:/,-][^\s\0:/,]{0,255}$/.test(word);
}
