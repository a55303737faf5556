/**
 * Parameters of a bash service, as the original has them: one command, which may be a whole script.
 */
import { Fields, type Place } from "../../core/reading.ts";
import { readParams } from "../params.ts";

export interface BashParams {
  /** Given to bash in a file: lines and quotes as in any script. */
  readonly command: string;
}

/** @throws InvalidSpec with every error and its path below `params`. */
export function parseBashParams(input: unknown): BashParams {
  return readParams("bash", input, (value, at) => {
    const fields = new Fields(value, at, "an object with a command");
    const params = { command: fields.required("command", readCommand) };
    fields.end();
    return params;
  });
}

function readCommand(value: unknown, at: Place): string {
  if (typeof value !== "string") at.wrong("must be text");
  else if (value.trim() === "") at.wrong("must not be empty");
  else if (value.includes("\0")) at.wrong("must not contain a NUL character");
  else return value;
  return "";
}
