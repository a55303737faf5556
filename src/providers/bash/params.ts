/**
 * Parameters of a bash service, as the original has them: one command, which may be a whole script.
 */
import { type ErrorDetail, InvalidSpec } from "../../core/errors.ts";
import type { JsonSchema } from "../../core/json-schema.ts";
import { didYouMean } from "../../core/suggestion.ts";

export interface BashParams {
  /** Given to bash in a file: lines and quotes as in any script. */
  readonly command: string;
}

const notBlank = /\S/;
const zeroByte = /\0/;

const properties = {
  command: {
    description: "What bash runs: one command, or a whole script.",
    type: "string",
    pattern: notBlank.source,
    not: { pattern: zeroByte.source },
  },
};
const known = Object.keys(properties);

/** What `parseBashParams` takes. */
export const bashParamsSchema: JsonSchema = {
  description: "Parameters of a bash service.",
  type: "object",
  properties,
  required: known,
  additionalProperties: false,
};

/** @throws InvalidSpec with every error and its path below `params`. */
export function parseBashParams(input: unknown): BashParams {
  if (!isRecord(input)) {
    throw invalid([{ path: "params", message: "must be an object with a command" }]);
  }
  const details: ErrorDetail[] = [];
  for (const key of Object.keys(input).filter((name) => !known.includes(name))) {
    details.push({ path: `params.${key}`, message: `is not known${didYouMean(key, known)}` });
  }
  const command = input["command"];
  if (typeof command !== "string") {
    const message = command === undefined ? "is required" : "must be a string";
    details.push({ path: "params.command", message });
  } else if (!notBlank.test(command)) {
    details.push({ path: "params.command", message: "must not be empty" });
  } else if (zeroByte.test(command)) {
    details.push({ path: "params.command", message: "must not contain a zero byte" });
  } else if (details.length === 0) {
    return Object.freeze({ command });
  }
  throw invalid(details);
}

function invalid(details: readonly ErrorDetail[]): InvalidSpec {
  return new InvalidSpec("The parameters are not those of a bash service", { details });
}

function isRecord(input: unknown): input is Readonly<Record<string, unknown>> {
  return typeof input === "object" && input !== null && !Array.isArray(input);
}
