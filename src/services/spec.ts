/**
 * What a user wants to run, parsed once and frozen. Everything is checked here but what is in
 * `params`, which only the provider understands. A field whose meaning is yet to be built is refused
 * by name, never ignored: a user must not believe in a limit that no one sets.
 */
import { asServiceName, dnsLabel, type ServiceName } from "../core/ids.ts";
import { durationText } from "../core/quantities.ts";
import { described, Fields, objectOf, type Place, readAll } from "../core/reading.ts";
import {
  isNothing,
  noResources,
  type Resources,
  readResources,
  resourcesToJson,
} from "../core/resources.ts";
import { flag, mapOf, processText, text } from "../core/value-readers.ts";
import { type DependencyPolicy, readDependencyPolicy } from "./dependency-policy.ts";
import { type HealthPolicy, healthToJson, readHealth } from "./health-policy.ts";
import { type Instances, readInstances } from "./instances.ts";
import { type PartitionPolicy, readPartitionPolicy } from "./partition-policy.ts";
import { deepFreeze, type Plain, readPlain } from "./plain-data.ts";
import { areChosen, type Ports, readPorts } from "./ports.ts";
import type { RestartPolicy } from "./restart-policy.ts";
import { complainOfInstances, complainOfPorts, whyOneAtATime } from "./spec-checks.ts";
import {
  type LogPolicy,
  logsDefault,
  type PlacementWish,
  placementToJson,
  placementWishDefault,
  priorityDefault,
  readLogs,
  readPlacementWish,
  readPriority,
  readRestart,
  readRestartGrace,
  readStop,
  restartDefault,
  restartGraceDefaultMs,
  type StopPolicy,
  stopDefault,
  stopToJson,
} from "./spec-policies.ts";
import {
  readUpdate,
  type UpdatePolicy,
  updateDefault,
  updateFor,
  updateToJson,
} from "./update-policy.ts";
import { readVolumes, type VolumeWish, volumesToJson } from "./volumes.ts";

/** A service as deployed, defaults filled in. docs/spec.md tells each field, its default and limits. */
export interface ServiceSpec extends DependencyPolicy, PartitionPolicy {
  readonly name: ServiceName;
  /** The type of the provider: `bash`. */
  readonly provider: string;
  /** An object; its provider checks what is in it. */
  readonly params: Plain;
  /** Default 1. */
  readonly instances: Instances;
  readonly placement: PlacementWish;
  readonly restart: RestartPolicy;
  /** How long its node may be away before another node takes it over; default 10,000. */
  readonly restartGraceMs: number;
  readonly update: UpdatePolicy;
  /** 0 to 100, default 50: what has more is placed, started and given room first. */
  readonly priority: number;
  /** Whether an instance may be moved while it runs well; default false. */
  readonly rebalance: boolean;
  /** Absent: no one asks whether it does its work. */
  readonly health?: HealthPolicy;
  readonly env: Readonly<Record<string, string>>;
  /** By name; 0: one that its node chooses. */
  readonly ports: Ports;
  /** Folders that outlive it; default: none. */
  readonly volumes: readonly VolumeWish[];
  /** Reserved for each instance on its node, and the most that it gets; 0: neither. */
  readonly resources: Resources;
  readonly stop: StopPolicy;
  readonly logs: LogPolicy;
}

/** Most entries of `env`. */
export const envEntriesMax = 256;
/** Of one value: with three bytes each and the name it stays below the 128 KiB that Linux takes. */
export const envValueCharsMax = 32_768;

/** Fields of DESIGN section 9 whose meaning is not built yet. */
export const laterFields: readonly string[] = ["schedule", "secrets"];

/** @throws InvalidSpec with every error and its path. */
export function parseSpec(input: unknown): ServiceSpec {
  return deepFreeze(readAll("the spec", input, readService));
}

/** The spec as a user could have written it, every default spelt out; `parseSpec` gives it back. */
export function specToJson(spec: ServiceSpec): { readonly [key: string]: Plain } {
  const { restart, health, stop, logs } = spec;
  const { intensity } = restart;
  return {
    name: spec.name,
    provider: spec.provider,
    params: spec.params,
    requires: spec.requires,
    on_dependency_down: spec.onDependencyDown,
    instances: spec.instances,
    placement: placementToJson(spec.placement),
    restart: {
      policy: restart.when,
      delay: durationText(restart.delayMs),
      factor: restart.factor,
      max: durationText(restart.delayMaxMs),
      ...(intensity !== undefined && {
        intensity: { restarts: intensity.restarts, within: durationText(intensity.withinMs) },
      }),
    },
    restart_grace: durationText(spec.restartGraceMs),
    update: updateToJson(spec.update),
    priority: spec.priority,
    rebalance: spec.rebalance,
    guarantee: spec.guarantee,
    heal: spec.heal,
    ...(health !== undefined && { health: healthToJson(health) }),
    env: spec.env,
    ports: spec.ports,
    ...(spec.volumes.length > 0 && { volumes: volumesToJson(spec.volumes) }),
    ...(!isNothing(spec.resources) && { resources: resourcesToJson(spec.resources) }),
    stop: stopToJson(stop),
    logs: { max_bytes: logs.fileBytesMax, files: logs.filesMax },
  };
}

const label = "a DNS label: 1 to 63 of a-z, 0-9 and hyphen, neither first nor last a hyphen";
/** Of a service or group. */
export const readName = text(dnsLabel, label);
const readProvider = text(dnsLabel, "the type of a provider, like bash");

const readParams = described(
  () => ({ type: "object" }),
  (value, at): Plain => {
    new Fields(value, at, "an object");
    return readPlain(value, at);
  },
);

const readEnv = mapOf(
  /^[A-Za-z_][A-Za-z0-9_]{0,127}$/,
  processText(envValueCharsMax),
  envEntriesMax,
);

/** How many of it there are, and where. */
const readWhereabouts = (fields: Fields) => ({
  instances: fields.optional(
    "instances",
    readInstances,
    1,
    "How many of it there are to be, or everywhere: one on each node that can take it.",
  ),
  placement: fields.optional(
    "placement",
    readPlacementWish,
    placementWishDefault,
    "Which nodes it may be placed on.",
  ),
  restartGraceMs: fields.optional(
    "restart_grace",
    readRestartGrace,
    restartGraceDefaultMs,
    "How long its node may be away before another node takes it over.",
  ),
  priority: fields.optional(
    "priority",
    readPriority,
    priorityDefault,
    "What has more is placed, started and given room first.",
  ),
  rebalance: fields.optional(
    "rebalance",
    flag,
    false,
    "Whether an instance may be moved while it runs well.",
  ),
});

/** What its task is given, and how it is ended and heard. */
const readAroundTask = (fields: Fields) => ({
  env: fields.optional("env", readEnv, {}, "The environment of its task."),
  resources: fields.optional(
    "resources",
    readResources,
    noResources,
    "Reserved for each instance on its node, and the most that it gets.",
  ),
  stop: fields.optional("stop", readStop, stopDefault, "How it is stopped."),
  logs: fields.optional("logs", readLogs, logsDefault, "How much of its output is kept."),
});

/** Without what its fields say of each other. */
export const readSpecFields = objectOf(
  "a service: an object with name, provider and params",
  (fields): ServiceSpec => {
    const ports = fields.optional(
      "ports",
      readPorts,
      {},
      "Ports of its node, by name, told in PORT_NAME; 0: a free one.",
    );
    const health = fields.optional(
      "health",
      readHealth,
      undefined,
      "How it is asked whether it does its work.",
    );
    const volumes = fields.optional(
      "volumes",
      readVolumes,
      [],
      "Folders that outlive it, and where its task finds them.",
    );
    const update = fields.optional(
      "update",
      readUpdate,
      updateDefault,
      "How its instances are brought to a new version.",
    );
    const provider = fields.required("provider", readProvider);
    const canBothRun =
      health !== undefined &&
      areChosen(ports) &&
      whyOneAtATime({ provider, volumes }) === undefined;
    return {
      name: asServiceName(
        fields.required("name", readName, "Deploying it again updates the service."),
      ),
      provider,
      params: fields.optional(
        "params",
        readParams,
        {},
        "What to run, in the provider's own words.",
      ),
      ...readDependencyPolicy(fields),
      restart: fields.optional(
        "restart",
        readRestart,
        restartDefault,
        "After which ends it is restarted, and how soon.",
      ),
      update: updateFor(update, canBothRun),
      ports,
      volumes,
      ...readWhereabouts(fields),
      ...readPartitionPolicy(fields),
      ...readAroundTask(fields),
      ...(health !== undefined && { health }),
    };
  },
  laterFields,
);

/** Reads a service as a part of something larger. */
export function readService(value: unknown, at: Place): ServiceSpec {
  const spec = readSpecFields(value, at);
  complainOfPorts(spec, at);
  complainOfInstances(spec, at);
  return spec;
}
