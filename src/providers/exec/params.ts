/**
 * Parameters of an exec service: a program and its arguments, which no shell reads in between, and
 * where and as whom it runs.
 */
import { described } from "../../core/reading.ts";
import { listOf, processText, text } from "../../core/value-readers.ts";
import { aboutIsolation, type Isolation, readIsolation } from "../isolation/params.ts";
import { declareParams } from "../params.ts";

export interface ExecParams {
  /** An absolute path, or a name that is looked up on the PATH. */
  readonly program: string;
  readonly args: readonly string[];
  /** Absolute; undefined: the instance's own work folder. */
  readonly cwd: string | undefined;
  /** Undefined: whom the node runs as. */
  readonly user: WantedUser | undefined;
  /** Undefined: it can do what its user can. */
  readonly isolation: Isolation | undefined;
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

const readProgram = text(
  /^(?:\/[^\0]{1,4094}|[^/\0]{1,255})$/,
  "an absolute path, or a name to look up on the PATH; its arguments belong in args",
);
const readFolder = text(/^\/[^\0]{0,4094}$/, "an absolute path");
const readArgs = listOf(processText(argCharsMax), argsMax);

const name = "[^\\s\\0:/,-][^\\s\\0:/,]{0,255}";
/** `name`, `1000`, `name:group`, `1000:1000`. */
const userPattern = new RegExp(`^(${name})(?::(${name}))?$`);

const readUser = described(
  () => ({
    anyOf: [
      { type: "integer", minimum: 0, maximum: idMax },
      { type: "string", pattern: userPattern.source },
    ],
  }),
  (value, at): WantedUser => {
    // YAML reads a lone uid as a number.
    const given = Number.isSafeInteger(value) ? String(value) : value;
    const match = typeof given === "string" ? userPattern.exec(given) : null;
    const [, user = "", group] = match ?? [];
    if (match === null || isTooLarge(user) || (group !== undefined && isTooLarge(group))) {
      at.wrong("must be a user, like www-data or 1000, or user:group");
    }
    return { user, group };
  },
);

function isTooLarge(name: string): boolean {
  return /^\d+$/.test(name) && Number(name) > idMax;
}

export const execParams = declareParams(
  "exec",
  "an object with a program",
  (fields): ExecParams => ({
    program: fields.required("program", readProgram, "What is run, with no shell in between."),
    args: fields.optional("args", readArgs, [], "The program's arguments, as they are."),
    cwd: fields.optional(
      "cwd",
      readFolder,
      undefined,
      "The folder it runs in; without it, each instance has its own.",
    ),
    user: fields.optional(
      "user",
      readUser,
      undefined,
      "Whom it runs as, like www-data, 1000 or user:group; without it, as the node does.",
    ),
    isolation: fields.optional("isolation", readIsolation, undefined, aboutIsolation),
  }),
);
