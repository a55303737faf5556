/**
 * What a user wants to run, parsed once and frozen. Everything is checked here but what is in
 * `params`, which only the provider understands. A field whose meaning is yet to be built is refused
 * by name, never ignored: a user must not believe in a health check that no one makes.
 */
import { asServiceName, dnsLabel, type ServiceName } from "../core/ids.ts";
import { groupBytesMax } from "../core/limits.ts";
import { durationText } from "../core/quantities.ts";
import { Fields, type Place, readAll } from "../core/reading.ts";
import {
  choice,
  duration,
  integer,
  listOf,
  mapOf,
  number,
  processText,
  size,
  text,
} from "../core/value-readers.ts";
import { deepFreeze, type Plain, readPlain } from "./plain-data.ts";
import type { RestartPolicy } from "./restart-policy.ts";
import { isServiceName } from "./service-name.ts";

/** A service as deployed, defaults filled in. docs/spec.md tells each field, its default and limits. */
export interface ServiceSpec {
  readonly name: ServiceName;
  /** The type of the provider: `bash`. */
  readonly provider: string;
  /** An object; its provider checks what is in it. */
  readonly params: Plain;
  /** Services that must run before this one is started for the first time. */
  readonly requires: readonly ServiceName[];
  readonly restart: RestartPolicy;
  readonly env: Readonly<Record<string, string>>;
  readonly stop: StopPolicy;
  readonly logs: LogPolicy;
}

export interface StopPolicy {
  /** Sent first, to the whole tree; default SIGTERM. */
  readonly signal: string;
  /** Time until SIGKILL of what is left; default 10,000. */
  readonly graceMs: number;
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
export const stopDefault: StopPolicy = deepFreeze({ signal: "SIGTERM", graceMs: 10_000 });
export const logsDefault: LogPolicy = deepFreeze({ fileBytesMax: 10_000_000, filesMax: 5 });

/** Most services that one may require. */
export const requiresMax = 64;
/** Most entries of `env`, and characters of one value. */
export const envEntriesMax = 256;
export const envValueCharsMax = 65_536;

/** Fields of DESIGN section 9 whose meaning is not built yet. */
export const laterFields: readonly string[] = [
  "guarantee",
  "heal",
  "health",
  "instances",
  "intensity",
  "on_dependency_down",
  "placement",
  "ports",
  "priority",
  "rebalance",
  "resources",
  "restart_grace",
  "schedule",
  "secrets",
  "services",
  "strategy",
  "update",
  "volumes",
];

/** @throws InvalidSpec with every error and its path. */
export function parseSpec(input: unknown): ServiceSpec {
  return deepFreeze(readAll("the spec", input, readSpec));
}

/** The spec as a user could have written it, every default spelt out; `parseSpec` gives it back. */
export function specToJson(spec: ServiceSpec): { readonly [key: string]: Plain } {
  const { restart, stop, logs } = spec;
  const { intensity } = restart;
  return {
    name: spec.name,
    provider: spec.provider,
    params: spec.params,
    requires: spec.requires,
    restart: {
      policy: restart.when,
      delay: durationText(restart.delayMs),
      factor: restart.factor,
      max: durationText(restart.delayMaxMs),
      ...(intensity !== undefined && {
        intensity: { restarts: intensity.restarts, within: durationText(intensity.withinMs) },
      }),
    },
    env: spec.env,
    stop: { signal: stop.signal, grace: durationText(stop.graceMs) },
    logs: { max_bytes: logs.fileBytesMax, files: logs.filesMax },
  };
}

const hourMs = 3_600_000;
const label = "a DNS label: 1 to 63 of a-z, 0-9 and hyphen, neither first nor last a hyphen";
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

/** Reads a spec as a part of something larger. */
export function readSpec(value: unknown, at: Place): ServiceSpec {
  const fields = new Fields(value, at, "a service: an object with name, provider and params");
  const spec: ServiceSpec = {
    name: asServiceName(fields.required("name", text(dnsLabel, label))),
    provider: fields.required("provider", text(dnsLabel, "the type of a provider, like bash")),
    params: fields.optional("params", readParams, {}),
    requires: fields.optional("requires", readRequires, []),
    restart: fields.optional("restart", readRestart, restartDefault),
    env: fields.optional(
      "env",
      mapOf(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, processText(envValueCharsMax), envEntriesMax),
      {},
    ),
    stop: fields.optional("stop", readStop, stopDefault),
    logs: fields.optional("logs", readLogs, logsDefault),
  };
  fields.end(laterFields);
  const bytes = Buffer.byteLength(JSON.stringify(specToJson(spec)));
  if (bytes > groupBytesMax) at.wrong(`is ${bytes} bytes long, and may have ${groupBytesMax}`);
  return spec;
}

function readParams(value: unknown, at: Place): Plain {
  new Fields(value, at, "an object");
  return readPlain(value, at);
}

function readRequires(value: unknown, at: Place): readonly ServiceName[] {
  const names = listOf(readRequired, requiresMax)(value, at);
  names.forEach((name, index) => {
    if (name !== "" && names.indexOf(name) < index) at.item(index).wrong("is listed twice");
  });
  return names;
}

function readRequired(value: unknown, at: Place): ServiceName {
  if (isServiceName(value)) return value;
  at.wrong("must be the name of a service, like db or group/db");
  return asServiceName("");
}

function readRestart(value: unknown, at: Place): RestartPolicy {
  if (typeof value === "string") return { ...restartDefault, when: choice(policies)(value, at) };
  const fields = new Fields(value, at, `one of ${policies.join(", ")}, or an object`);
  const restart = {
    when: fields.optional("policy", choice(policies), restartDefault.when),
    delayMs: fields.optional("delay", duration({ min: 0, max: hourMs }), restartDefault.delayMs),
    factor: fields.optional("factor", number({ min: 1, max: 100 }), restartDefault.factor),
    delayMaxMs: fields.optional(
      "max",
      duration({ min: 0, max: 24 * hourMs }),
      restartDefault.delayMaxMs,
    ),
    healthyAfterMs: restartDefault.healthyAfterMs,
  };
  const intensity = fields.optional("intensity", readIntensity, undefined);
  fields.end();
  return intensity === undefined ? restart : { ...restart, intensity };
}

function readIntensity(value: unknown, at: Place): { restarts: number; withinMs: number } {
  const fields = new Fields(value, at, "an object, like { restarts: 5, within: 5m }");
  const restarts = fields.required("restarts", integer({ min: 0, max: 1_000 }));
  const withinMs = fields.required("within", duration({ min: 1, max: 30 * 24 * hourMs }));
  fields.end();
  return { restarts, withinMs };
}

function readStop(value: unknown, at: Place): StopPolicy {
  const fields = new Fields(value, at, "an object, like { signal: SIGTERM, grace: 10s }");
  const signal = fields.optional("signal", choice(signals), stopDefault.signal);
  const graceMs = fields.optional("grace", duration({ min: 0, max: hourMs }), stopDefault.graceMs);
  fields.end();
  return { signal, graceMs };
}

function readLogs(value: unknown, at: Place): LogPolicy {
  const fields = new Fields(value, at, "an object, like { max_bytes: 10MB, files: 5 }");
  const bytes = size({ min: 1_024, max: 10_000_000_000 });
  const fileBytesMax = fields.optional("max_bytes", bytes, logsDefault.fileBytesMax);
  const filesMax = fields.optional("files", integer({ min: 1, max: 100 }), logsDefault.filesMax);
  fields.end();
  return { fileBytesMax, filesMax };
}
