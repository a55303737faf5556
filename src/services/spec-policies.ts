/**
 * The parts of a spec that say how its tasks are restarted, stopped and logged: what they are, their
 * defaults, and how they are read.
 */

import { durationText } from "../core/quantities.ts";
import { described, objectOf } from "../core/reading.ts";
import { choice, duration, integer, listOf, number, size, text } from "../core/value-readers.ts";
import {
  type Constraint,
  constraintPattern,
  constraintText,
  parseConstraint,
} from "./constraint.ts";
import { deepFreeze, type Plain } from "./plain-data.ts";
import type { RestartPolicy } from "./restart-policy.ts";

export interface StopPolicy {
  /** Sent first, to the whole tree; default SIGTERM. */
  readonly signal: string;
  /** Time until SIGKILL of what is left; default 10,000. */
  readonly graceMs: number;
  /** Before the signal, from when nobody is told of it any more; default 0. */
  readonly delayMs: number;
}

/** What is asked of its node. */
export interface PlacementWish {
  /** All of them must hold; default none. */
  readonly constraints: readonly Constraint[];
  /** The label over whose values the instances are spread; absent: over the nodes alone. */
  readonly spread?: string;
}

export interface LogPolicy {
  /** Size at which a rotated file is full; default 10,000,000. */
  readonly fileBytesMax: number;
  /** Rotated files kept of an instance; default 5. */
  readonly filesMax: number;
}

export const restartDefault: RestartPolicy = deepFreeze({
  when: "always",
  delayMs: 1_000,
  factor: 2,
  delayMaxMs: 60_000,
  healthyAfterMs: 60_000,
});
export const placementWishDefault: PlacementWish = deepFreeze({ constraints: [] });
export const restartGraceDefaultMs = 10_000;
export const priorityDefault = 50;
export const stopDefault: StopPolicy = deepFreeze({
  signal: "SIGTERM",
  graceMs: 10_000,
  delayMs: 0,
});
export const logsDefault: LogPolicy = deepFreeze({ fileBytesMax: 10_000_000, filesMax: 5 });

/** Most constraints of a service. */
export const constraintsMax = 32;

const hourMs = 3_600_000;
const policies = ["always", "on_error", "none"] as const;
const signals = [
  "SIGTERM",
  "SIGINT",
  "SIGHUP",
  "SIGQUIT",
  "SIGABRT",
  "SIGKILL",
  "SIGALRM",
  "SIGUSR1",
  "SIGUSR2",
  "SIGWINCH",
] as const;

// Made once: a node parses the spec of every record that arrives.
const upToAnHour = duration({ min: 0, max: hourMs });
const upToFiveMinutes = duration({ min: 0, max: hourMs / 12 });
const upToADay = duration({ min: 0, max: 24 * hourMs });
const upToAMonth = duration({ min: 1, max: 30 * 24 * hourMs });
export const readRestartGrace = upToADay;
export const readPriority = integer({ min: 0, max: 100 });
const readRestarts = integer({ min: 0, max: 1_000 });
const readFactor = number({ min: 1, max: 100 });
const readPolicy = choice(policies);
const readSignal = choice(signals);
const readFileBytes = size({ min: 1_024, max: 10_000_000_000 });
const readFiles = integer({ min: 1, max: 100 });

/** How many restarts within which time are not too many. */
export const readIntensity = objectOf("an object, like { restarts: 5, within: 5m }", (fields) => ({
  restarts: fields.required("restarts", readRestarts, "Most restarts."),
  withinMs: fields.required("within", upToAMonth, "The time in which they are counted."),
}));

const readRestartFields = objectOf(
  `one of ${policies.join(", ")}, or an object`,
  (fields): RestartPolicy => {
    const { when, delayMs, factor, delayMaxMs, healthyAfterMs } = restartDefault;
    const restart = {
      when: fields.optional("policy", readPolicy, when, "After which ends it is restarted."),
      delayMs: fields.optional(
        "delay",
        upToAnHour,
        delayMs,
        "Wait before the second restart in a row; the first comes at once.",
      ),
      factor: fields.optional("factor", readFactor, factor, "Growth of the wait a restart."),
      delayMaxMs: fields.optional("max", upToADay, delayMaxMs, "Longest wait."),
      healthyAfterMs,
    };
    const about = "When to give up: `failed` rather than one restart more. Without it: never.";
    const intensity = fields.optional("intensity", readIntensity, undefined, about);
    return intensity === undefined ? restart : { ...restart, intensity };
  },
);

/** A policy alone, or with how soon and how often. */
export const readRestart = described(
  () => ({ anyOf: [readPolicy.schema(), readRestartFields.schema()] }),
  (value, at): RestartPolicy =>
    typeof value === "string"
      ? { ...restartDefault, when: readPolicy(value, at) }
      : readRestartFields(value, at),
);

const readConstraint = described(
  () => ({ type: "string", pattern: constraintPattern.source }),
  (value, at): Constraint => {
    const constraint = typeof value === "string" ? parseConstraint(value) : undefined;
    if (constraint !== undefined) return constraint;
    at.wrong("must be like label.zone == eu, label.disk != hdd or node.name == box");
    return { attribute: "node.name", operator: "==", value: "" };
  },
);
const readConstraints = listOf(readConstraint, constraintsMax);

const readLabelKey = text(/^[^\s=!]{1,128}$/, "the name of a label, like zone");

export const readPlacementWish = objectOf(
  'an object, like { constraints: ["label.zone == eu"], spread: zone }',
  (fields): PlacementWish => {
    const constraints = fields.optional(
      "constraints",
      readConstraints,
      placementWishDefault.constraints,
      "What its node must be; all of them.",
    );
    const about = "The label over whose values its instances are spread.";
    const spread = fields.optional("spread", readLabelKey, undefined, about);
    return spread === undefined ? { constraints } : { constraints, spread };
  },
);

/** As a user could have written it. */
export function placementToJson({ constraints, spread }: PlacementWish) {
  const written = { constraints: constraints.map(constraintText) };
  return spread === undefined ? written : { ...written, spread };
}

export const readStop = objectOf(
  "an object, like { signal: SIGTERM, grace: 10s }",
  (fields): StopPolicy => ({
    signal: fields.optional(
      "signal",
      readSignal,
      stopDefault.signal,
      "Sent first, to the whole tree of processes.",
    ),
    graceMs: fields.optional(
      "grace",
      upToAnHour,
      stopDefault.graceMs,
      "Time until SIGKILL of what is left.",
    ),
    delayMs: fields.optional(
      "delay",
      upToFiveMinutes,
      stopDefault.delayMs,
      "Before the signal, from when its endpoints are told no more: whoever was told of them goes on meanwhile.",
    ),
  }),
);

export function stopToJson({ signal, graceMs, delayMs }: StopPolicy): Plain {
  const written = { signal, grace: durationText(graceMs) };
  // A node of an earlier version knows no delay, and need not where there is none.
  return delayMs === 0 ? written : { ...written, delay: durationText(delayMs) };
}

export const readLogs = objectOf(
  "an object, like { max_bytes: 10MB, files: 5 }",
  (fields): LogPolicy => ({
    fileBytesMax: fields.optional(
      "max_bytes",
      readFileBytes,
      logsDefault.fileBytesMax,
      "At which a file of its output is rotated.",
    ),
    filesMax: fields.optional(
      "files",
      readFiles,
      logsDefault.filesMax,
      "Rotated files that are kept.",
    ),
  }),
);
