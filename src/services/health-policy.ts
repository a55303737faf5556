/**
 * How a service is asked whether it does its work: the part of a spec that says so, its defaults, and
 * how it is read.
 */

import type { JsonSchema } from "../core/json-schema.ts";
import { durationText } from "../core/quantities.ts";
import { asObject, described, objectOf } from "../core/reading.ts";
import { duration, integer, listOf, processText, text } from "../core/value-readers.ts";
import { deepFreeze, type Plain } from "./plain-data.ts";
import { type Ports, portNamePattern } from "./ports.ts";

/** A number, or the name of one of the service's ports. */
export type PortOrName = number | string;

/** One look at a task. What connects does so to 127.0.0.1, on the node that the task runs on. */
export type HealthCheck =
  /** Healthy: a GET is answered with a status from 200 to 399. */
  | { readonly kind: "http"; readonly port: PortOrName; readonly path: string }
  /** Healthy: a connection is taken, and not closed at once without a word. */
  | { readonly kind: "tcp"; readonly port: PortOrName }
  /** Healthy: it ends with code 0. Text is a line for `sh -c`; a list is a program and its arguments. */
  | { readonly kind: "exec"; readonly command: string | readonly string[] };

export interface HealthPolicy {
  readonly check: HealthCheck;
  /** Between the end of a check and the next; default 10,000. Shorter finds out sooner, and costs more. */
  readonly intervalMs: number;
  /** Until a check that is not answered has failed; default 3,000. */
  readonly timeoutMs: number;
  /** Failures in a row after which a task is unhealthy, and ended; default 3. */
  readonly retries: number;
  /** After a start: how long failures do not count before the first success; default 30,000. */
  readonly startPeriodMs: number;
}

export const healthDefault: Omit<HealthPolicy, "check"> = deepFreeze({
  intervalMs: 10_000,
  timeoutMs: 3_000,
  retries: 3,
  startPeriodMs: 30_000,
});

const hourMs = 3_600_000;
const wordsMax = 256;
const wordCharsMax = 4_096;

const readNumber = integer({ min: 1, max: 65_535 });
const readPort = described(
  () => ({
    description: "A number from 1 to 65535, or the name of one of its ports.",
    anyOf: [readNumber.schema(), { type: "string", pattern: portNamePattern.source }],
  }),
  (value, at): PortOrName => {
    if (typeof value !== "string") return readNumber(value, at);
    if (!portNamePattern.test(value)) at.wrong("must be a number, or the name of one of its ports");
    return value;
  },
);
const readPath = text(/^\/[!-~]{0,2047}$/, "a path that begins with /, like /health");
const readInterval = duration({ min: 100, max: 24 * hourMs });
const readTimeout = duration({ min: 10, max: hourMs });
const readRetries = integer({ min: 1, max: 100 });
const readStartPeriod = duration({ min: 0, max: 24 * hourMs });

const readWords = listOf(processText(wordCharsMax), wordsMax);
const lineChars = `[^\\0]{0,${wordCharsMax}}`;
const linePattern = new RegExp(`^(?=\\s*\\S)${lineChars}$`);
const readCommand = described(
  () => ({
    description: "A line for `sh -c`, or a list: a program and its arguments.",
    anyOf: [
      { type: "string", pattern: linePattern.source },
      { ...readWords.schema(), minItems: 1 },
    ],
  }),
  (value, at): string | readonly string[] => {
    if (Array.isArray(value)) {
      if (value.length === 0) at.wrong("must not be empty");
      return readWords(value, at);
    }
    if (typeof value === "string" && linePattern.test(value)) return value;
    at.wrong("must be a line for a shell, like pg_isready -q, or a list of words");
    return "";
  },
);

const readHttp = objectOf("an object, like { port: 8080, path: / }", (fields) => ({
  kind: "http" as const,
  port: fields.required("port", readPort),
  path: fields.optional("path", readPath, "/", "What is asked for."),
}));
const readTcp = objectOf("an object, like { port: 5432 }", (fields) => ({
  kind: "tcp" as const,
  port: fields.required("port", readPort),
}));
const readExec = objectOf("an object, like { command: pg_isready -q }", (fields) => ({
  kind: "exec" as const,
  command: fields.required("command", readCommand, "Healthy where it ends with code 0."),
}));

const kinds = ["http", "tcp", "exec"] as const;

const readFields = objectOf(
  "an object, like { http: { port: 8080 }, interval: 10s }",
  (fields): HealthPolicy => {
    const http = fields.optional("http", readHttp, undefined, "Healthy: it answers 200 to 399.");
    const tcp = fields.optional("tcp", readTcp, undefined, "Healthy: it takes connections.");
    const exec = fields.optional("exec", readExec, undefined, "Healthy: a command says so.");
    const { intervalMs, timeoutMs, retries, startPeriodMs } = healthDefault;
    return {
      check: http ?? tcp ?? exec ?? { kind: "exec", command: "" },
      intervalMs: fields.optional(
        "interval",
        readInterval,
        intervalMs,
        "Between the end of a check and the next.",
      ),
      timeoutMs: fields.optional(
        "timeout",
        readTimeout,
        timeoutMs,
        "Until a check that is not answered has failed.",
      ),
      retries: fields.optional(
        "retries",
        readRetries,
        retries,
        "Failures in a row after which it is ended, and restarted by its policy.",
      ),
      startPeriodMs: fields.optional(
        "start_period",
        readStartPeriod,
        startPeriodMs,
        "After a start: how long failures do not count before the first success.",
      ),
    };
  },
);

/** A schema alone: whatever is under `key`, as long as it is there. */
function having(key: string): JsonSchema {
  return { properties: { [key]: {} }, required: [key] };
}

export const readHealth = described(
  () => ({ ...readFields.schema(), oneOf: kinds.map(having) }),
  (value, at): HealthPolicy => {
    const given = asObject(value);
    const named = kinds.filter((kind) => given !== undefined && Object.hasOwn(given, kind));
    if (given !== undefined && named.length !== 1) {
      const which = named.length === 0 ? "none" : named.join(" and ");
      at.wrong(`must have one of ${kinds.join(", ")}, and has ${which}`);
    }
    return readFields(value, at);
  },
);

/** As a user could have written it, defaults spelt out. */
export function healthToJson(policy: HealthPolicy): { readonly [key: string]: Plain } {
  const { kind, ...check } = policy.check;
  return {
    [kind]: check,
    interval: durationText(policy.intervalMs),
    timeout: durationText(policy.timeoutMs),
    retries: policy.retries,
    start_period: durationText(policy.startPeriodMs),
  };
}

/** A check for people: `http port 8080 /health`, `exec pg_isready -q`. */
export function checkText(check: HealthCheck): string {
  switch (check.kind) {
    case "http":
      return `http port ${check.port} ${check.path}`;
    case "tcp":
      return `tcp port ${check.port}`;
    case "exec": {
      const { command } = check;
      const line = typeof command === "string" ? command : command.join(" ");
      return `exec ${line.length > shownCharsMax ? `${line.slice(0, shownCharsMax)}…` : line}`;
    }
  }
}

/** Of a command, in a reason. */
const shownCharsMax = 60;

/** The check with the number of its port, by what the task was given. */
export function withNumber<Check extends HealthCheck>(check: Check, ports: Ports): Check {
  if (check.kind === "exec" || typeof check.port === "number") return check;
  return { ...check, port: ports[check.port] ?? check.port };
}

/** A program and its arguments: what a provider runs for an `exec` check. */
export function commandWords(command: string | readonly string[]): readonly string[] {
  return typeof command === "string" ? ["sh", "-c", command] : command;
}
