/**
 * Parameters of a bash service, as the original has them: one command, which may be a whole script.
 */
import { type ErrorDetail, InvalidSpec } from "../../core/errors.ts";
import { didYouMean } from "../../core/suggestion.ts";

export interface BashParams {
  /** Given to bash in a file: lines and quotes as in any script. */
  readonly command: string;
}

const known = ["command"];

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
  } else if (command.trim() === "") {
    details.push({ path: "params.command", message: "must not be empty" });
  } else if (command.includes("\0")) {
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
