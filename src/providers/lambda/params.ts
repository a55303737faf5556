/**
 * Parameters of a function: a handler of Node's, or any program that speaks the AWS Lambda Runtime API,
 * and how many of it run.
 */
import { described, type Place } from "../../core/reading.ts";
import { choice, duration, integer, text } from "../../core/value-readers.ts";
import { readWords } from "../docker/words.ts";
import { declareParams } from "../params.ts";

export interface LambdaParams {
  /** `FILE.EXPORT`, as `index.handler`: told to whatever runs. */
  readonly handler: string;
  /** What Mob's own runtime is of. */
  readonly runtime: "node";
  /** An absolute path of a folder, or the text of the one file, `index`; undefined: none. */
  readonly code: string | undefined;
  /** A program in place of Mob's runtime, with its arguments. */
  readonly command: readonly string[] | undefined;
  /** Longest that an invocation may take, from when it is handed over. */
  readonly timeout: number;
  /** Most invocations, and so processes, at once. */
  readonly concurrency: number;
  /** Processes that are kept although nothing is to be done. */
  readonly reserved: number;
  /** Time after which a process that has nothing to do is ended, unless it is reserved. */
  readonly idle: number;
  /** Most invocations that wait for a process. */
  readonly queue: number;
}

const processesMax = 1_000;
/** As AWS Lambda has it. */
const timeoutMsMax = 900_000;
const codeCharsMax = 262_144;

const readHandler = text(
  /^[\w@./-]{1,200}\.[\w$]{1,55}$/,
  "a file without its ending, a dot, and what it exports, like index.handler",
);
const readCode = described(
  () => ({ type: "string", maxLength: codeCharsMax, pattern: "\\S" }),
  (value, at): string => {
    if (typeof value === "string" && /\S/.test(value) && value.length <= codeCharsMax) return value;
    at.wrong("must be the absolute path of a folder, or the text of a module");
    return "";
  },
);

export const lambdaParams = declareParams(
  "lambda",
  "an object with code, or a command",
  (fields): LambdaParams => ({
    handler: fields.optional(
      "handler",
      readHandler,
      "index.handler",
      "What is called: FILE.EXPORT.",
    ),
    runtime: fields.optional("runtime", choice(["node"]), "node", "What runs the handler."),
    code: fields.optional(
      "code",
      readCode,
      undefined,
      "A folder, by its absolute path; or the text of the one file, index.",
    ),
    command: fields.optional(
      "command",
      readWords,
      undefined,
      "In place of the runtime: any program that speaks the AWS Lambda Runtime API.",
    ),
    timeout: fields.optional(
      "timeout",
      duration({ min: 1, max: timeoutMsMax }),
      3_000,
      "Longest that an invocation may take; then its process is ended.",
    ),
    concurrency: fields.optional(
      "concurrency",
      integer({ min: 1, max: processesMax }),
      10,
      "Most invocations at once, each in a process.",
    ),
    reserved: fields.optional(
      "reserved",
      integer({ min: 0, max: processesMax }),
      0,
      "Processes that are kept ready.",
    ),
    idle: fields.optional(
      "idle",
      duration({ min: 1, max: 86_400_000 }),
      300_000,
      "Time after which a process without work is ended, unless it is reserved.",
    ),
    queue: fields.optional(
      "queue",
      integer({ min: 0, max: 10_000 }),
      100,
      "Most invocations that wait; more are refused.",
    ),
  }),
  wrongTogether,
);

function wrongTogether({ code, command, reserved, concurrency }: LambdaParams, at: Place): void {
  if (code === undefined && command === undefined) {
    at.member("code").wrong("is missing, and there is no command either");
  }
  if (command?.length === 0) at.member("command").wrong("must not be empty");
  if (reserved > concurrency) {
    at.member("reserved").wrong(`must be at most concurrency, ${concurrency}`);
  }
}
