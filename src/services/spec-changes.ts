/**
 * What a spec says otherwise than the one before it: field by field, as a user would write them, so that
 * a plan can tell what a deploy would change.
 */

import { asObject, memberPath } from "../core/reading.ts";
import { canonicalText, type Plain } from "./plain-data.ts";
import { type ServiceSpec, specToJson } from "./spec.ts";

/** A field that differs. Without `from` it is new, without `to` it is gone. */
export interface FieldChange {
  /** As in errors: `restart.delay`, `env["a b"]`. */
  readonly path: string;
  readonly from?: Plain;
  readonly to?: Plain;
}

/** In the order of the paths; lists are compared whole. Empty: the specs say the same. */
export function specChanges(last: ServiceSpec, next: ServiceSpec): readonly FieldChange[] {
  return changesAt("", specToJson(last), specToJson(next)).toSorted((a, b) =>
    a.path < b.path ? -1 : 1,
  );
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
  return canonicalText(from) === canonicalText(to) ? [] : [{ path, from, to }];
}

/** Of the object itself: a parameter may have the name of what every object has. */
function ofMember(members: Members, key: string): Plain | undefined {
  return Object.hasOwn(members, key) ? members[key] : undefined;
}

function isMembers(value: Plain | undefined): value is Members {
  return asObject(value) !== undefined;
}
