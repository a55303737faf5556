/**
 * Parameters of a bash service, as the original has them: one command, which may be a whole script.
 */
import { described } from "../../core/reading.ts";
import { aboutIsolation, type Isolation, readIsolation } from "../isolation/params.ts";
import { declareParams } from "../params.ts";

export interface BashParams {
  /** Given to bash in a file: lines and quotes as in any script. */
  readonly command: string;
  /** Undefined: it can do what the node's user can. */
  readonly isolation?: Isolation | undefined;
}

const notBlank = /\S/;
const nul = /\0/;

const readCommand = described(
  () => ({ type: "string", pattern: notBlank.source, not: { pattern: nul.source } }),
  (value, at): string => {
    if (typeof value !== "string") at.wrong("must be text");
    else if (!notBlank.test(value)) at.wrong("must not be empty");
    else if (nul.test(value)) at.wrong("must not contain a NUL character");
    else return value;
    return "";
  },
);

export const bashParams = declareParams(
  "bash",
  "an object with a command",
  (fields): BashParams => ({
    command: fields.required(
      "command",
      readCommand,
      "What bash runs: one command, or a whole script.",
    ),
    isolation: fields.optional("isolation", readIsolation, undefined, aboutIsolation),
  }),
);
