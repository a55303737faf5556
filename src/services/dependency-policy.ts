/** The part of a spec that says what a service requires of others, and what becomes of it without them. */
import { asServiceName, type ServiceName } from "../core/ids.ts";
import { described, type Fields } from "../core/reading.ts";
import { choice, listOf } from "../core/value-readers.ts";
import { isServiceName, serviceNamePattern } from "./service-name.ts";
import type { OnDependencyDown } from "./standing.ts";

export interface DependencyPolicy {
  /** Services that must run before this one is started for the first time. */
  readonly requires: readonly ServiceName[];
  /** What becomes of it when one of those is down, or was restarted. */
  readonly onDependencyDown: OnDependencyDown;
}

/** Most services that one may require. */
const requiresMax = 64;

const readRequired = described(
  () => ({ type: "string", pattern: serviceNamePattern.source }),
  (value, at): ServiceName => {
    if (isServiceName(value)) return value;
    at.wrong("must be the name of a service, like db or group/db");
    return asServiceName("");
  },
);

const readOnDependencyDown = choice(["restart", "stop", "ignore"]);

const requiredNames = listOf(readRequired, requiresMax);
const readRequires = described(
  () => ({ ...requiredNames.schema(), uniqueItems: true }),
  (value, at): readonly ServiceName[] => {
    const names = requiredNames(value, at);
    names.forEach((name, index) => {
      if (name !== "" && names.indexOf(name) < index) at.item(index).wrong("is listed twice");
    });
    return names;
  },
);

export const readDependencyPolicy = (fields: Fields): DependencyPolicy => ({
  requires: fields.optional(
    "requires",
    readRequires,
    [],
    "Services that must run before this one is started, like db or group/db.",
  ),
  onDependencyDown: fields.optional(
    "on_dependency_down",
    readOnDependencyDown,
    "restart",
    "What becomes of it when one that it requires is down, or was restarted.",
  ),
});
