/**
 * What a spec says otherwise than the one before it: field by field, as a user would write them, so that
 * a plan can tell what a deploy would change.
 */

import { asObject, memberPath } from "../core/reading.ts";
import { isGroup, type Spec } from "./group.ts";
import { groupSpecToJson } from "./group-spec.ts";
import { isSameData, type Plain } from "./plain-data.ts";
import { specToJson } from "./spec.ts";

/** A field that differs. Without `from` it is new, without `to` it is gone. */
export interface FieldChange {
  /** As in errors: `restart.delay`, `env["a b"]`. */
  readonly path: string;
  readonly from?: Plain;
  readonly to?: Plain;
}

/**
 * In the order of the paths; lists are compared whole, but for the services of a group, which go by their
 * names: `services.web.env.MODE`. Empty: the specs say the same.
 */
export function specChanges(last: Spec, next: Spec): readonly FieldChange[] {
  return changesAt("", byName(last), byName(next)).toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

/** A group's services by their names, and their order, where that is another, beside them. */
function byName(spec: Spec): Members {
  if (!isGroup(spec)) return specToJson(spec);
  const { services: _list, ...own } = groupSpecToJson(spec);
  const services = spec.services.map((one): [string, Plain] => [one.name, byName(one)]);
  return { ...own, services: Object.fromEntries(services), order: spec.services.map(nameOf) };
}

function nameOf({ name }: Spec): string {
  return name;
}

type Members = Readonly<Record<string, Plain>>;

function changesAt(path: string, last: Members, next: Members): readonly FieldChange[] {
  const keys = new Set([...Object.keys(last), ...Object.keys(next)]);
  return [...keys].flatMap((key) =>
    change(memberPath(path, key), ofMember(last, key), ofMember(next, key)),
  );
}

function change(
  path: string,
  from: Plain | undefined,
  to: Plain | undefined,
): readonly FieldChange[] {
  if (isMembers(from) && isMembers(to)) return changesAt(path, from, to);
  if (from === undefined) return to === undefined ? [] : [{ path, to }];
  if (to === undefined) return [{ path, from }];
  return isSameData(from, to) ? [] : [{ path, from, to }];
}

/** Of the object itself: a parameter may have the name of what every object has. */
function ofMember(members: Members, key: string): Plain | undefined {
  return Object.hasOwn(members, key) ? members[key] : undefined;
}

function isMembers(value: Plain | undefined): value is Members {
  return asObject(value) !== undefined;
}
