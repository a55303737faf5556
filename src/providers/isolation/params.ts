/** `isolation` among the parameters of what runs processes: what a task may do to its machine. */
import { described, objectOf } from "../../core/reading.ts";
import { flag, listOf, text } from "../../core/value-readers.ts";

export interface Isolation {
  /** False: it has a loopback of its own, and nothing else. */
  readonly network: boolean;
  /** Absolute paths that it may write below, beside its own folder and its volumes. */
  readonly writable: readonly string[];
  /** Absolute paths of folders that are empty for it. */
  readonly hidden: readonly string[];
}

const pathsMax = 64;
const readPaths = listOf(text(/^\/[^\0]{1,4094}$/, "an absolute path, and not /"), pathsMax);
const none: readonly string[] = [];

const readFields = objectOf(
  "an object, or true",
  (fields): Isolation => ({
    network: fields.optional("network", flag, true, "Whether it has the machine's network."),
    writable: fields.optional("writable", readPaths, none, "Paths that it may write below."),
    hidden: fields.optional("hidden", readPaths, none, "Folders that are empty for it."),
  }),
);

const whole: Isolation = { network: true, writable: none, hidden: none };

/** `true` is an object without a field; `false`: undefined. */
export const readIsolation = described(
  () => ({ anyOf: [{ type: "boolean" }, readFields.schema()] }),
  (value, at): Isolation | undefined => {
    if (value === false) return undefined;
    return value === true ? whole : readFields(value, at);
  },
);

export const aboutIsolation =
  "What it may do to its machine: true, or how, for a machine that it can only read.";
