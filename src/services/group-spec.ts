/**
 * How what is deployed under a name is read and written: strictly, and whole, since what the services of
 * a group say of each other can be checked only where all of it is known.
 */
import { asServiceName } from "../core/ids.ts";
import { groupBytesMax } from "../core/limits.ts";
import { durationText } from "../core/quantities.ts";
import {
  asObject,
  type DescribedReader,
  described,
  objectOf,
  type Place,
  readAll,
} from "../core/reading.ts";
import { suggest } from "../core/suggestion.ts";
import { choice, listOf } from "../core/value-readers.ts";
import { type GroupSpec, isGroup, type Spec, servicesMax } from "./group.ts";
import { complainOfRequires } from "./group-requires.ts";
import { deepFreeze, type Plain } from "./plain-data.ts";
import { labelsMax } from "./service-name.ts";
import { readName, readService, specToJson } from "./spec.ts";
import { readIntensity } from "./spec-policies.ts";

const ownKeys = ["strategy", "intensity", "services"] as const;

/** A group, or a service alone. @throws InvalidSpec with every error and its path. */
export function parseGroupSpec(input: unknown): Spec {
  return deepFreeze(readAll("the spec", input, readGroupSpec));
}

/** The same, as a part of something larger. */
export function readGroupSpec(value: unknown, at: Place): Spec {
  const spec = readRoot(value, at);
  if (isGroup(spec)) complainOfRequires(spec, at);
  const bytes = Buffer.byteLength(JSON.stringify(groupSpecToJson(spec)));
  if (bytes > groupBytesMax) at.wrong(`is ${bytes} bytes long, and may have ${groupBytesMax}`);
  return spec;
}

/** As a user could have written it, every default spelt out; `parseGroupSpec` gives it back. */
export function groupSpecToJson(spec: Spec): { readonly [key: string]: Plain } {
  if (!isGroup(spec)) return specToJson(spec);
  const { name, strategy, intensity, services } = spec;
  return {
    name,
    strategy,
    ...(intensity !== undefined && {
      intensity: { restarts: intensity.restarts, within: durationText(intensity.withinMs) },
    }),
    services: services.map(groupSpecToJson),
  };
}

/** Whether it is to be read as a group; what is misspelt is what it was meant to be. */
export function looksLikeGroup(value: unknown): boolean {
  const keys = Object.keys(asObject(value) ?? {});
  if (keys.includes("services")) return true;
  return !keys.includes("provider") && keys.some((key) => suggest(key, ownKeys) !== undefined);
}

const readStrategy = choice(["one_for_one", "one_for_all", "rest_for_one"]);

/** @param member what stands in it */
function groupOf(member: DescribedReader<Spec>): DescribedReader<GroupSpec> {
  const readServices = listOf(member, servicesMax);
  return objectOf("a group: an object with name and services", (fields): GroupSpec => {
    const intensity = fields.optional(
      "intensity",
      readIntensity,
      undefined,
      "How many restarts are too many: then the group fails. Without it: none.",
    );
    return {
      name: asServiceName(
        fields.required("name", readName, "Deploying it again updates the group as one."),
      ),
      strategy: fields.optional(
        "strategy",
        readStrategy,
        "one_for_one",
        "Which services are stopped and started again with one that ended.",
      ),
      ...(intensity !== undefined && { intensity }),
      services: fields.required(
        "services",
        described(
          () => ({ ...readServices.schema(), minItems: 1 }),
          (value, at) => withoutTwins(readServices(value, at), at),
        ),
        "Services and groups, in the order in which they are started.",
      ),
    };
  });
}

function withoutTwins(services: readonly Spec[], at: Place): readonly Spec[] {
  if (services.length === 0) at.wrong("must have at least one service");
  services.forEach(({ name }, index) => {
    const first = services.findIndex((other) => other.name === name);
    if (name === "" || first === index) return;
    at.item(index)
      .member("name")
      .wrong(`${name} is also the name of ${at.item(first).path}`);
  });
  return services;
}

/** What a group that is nested as deep as names go may have. */
const readInnermost = memberOf((_value, at) => {
  at.wrong(`is nested too deeply: a full name has at most ${labelsMax} parts`);
  return { name: asServiceName(""), strategy: "one_for_one", services: [] };
});

function memberOf(readInner: (value: unknown, at: Place) => GroupSpec): DescribedReader<Spec> {
  return described(
    () => ({ $ref: "#/$defs/spec" }),
    (value, at): Spec => (looksLikeGroup(value) ? readInner(value, at) : readService(value, at)),
  );
}

/** The reader of a group whose full name has as many parts: its members' have one more. */
function groupOfParts(parts: number): DescribedReader<GroupSpec> {
  return groupOf(parts + 1 === labelsMax ? readInnermost : memberOf(groupOfParts(parts + 1)));
}

const readWholeGroup = groupOfParts(1);
const readRoot = memberOf(readWholeGroup);

/** Of a group, whose members are `#/$defs/spec`. */
export const groupSchema = readWholeGroup.schema;
