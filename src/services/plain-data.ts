/**
 * Plain data: what JSON can say. Copies it from untrusted input, bounded in depth and count, and
 * compares it whatever the order of the members.
 */
import { asObject, kindOf, type Place } from "../core/reading.ts";

export type Plain =
  | null
  | boolean
  | number
  | string
  | readonly Plain[]
  | { readonly [key: string]: Plain };

/** Deepest nesting taken. */
export const plainDepthMax = 32;
/** Most values taken, all members and items counted. */
export const plainValuesMax = 20_000;

/** A deep copy of plain data; what is none is complained of at its place and replaced by null. */
export function readPlain(value: unknown, at: Place): Plain {
  return copy(value, at, 0, { left: plainValuesMax });
}

/** The one text of plain data: equal data gives equal texts, however its members are ordered. */
export function canonicalText(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) => {
    const object = asObject(member);
    if (object === undefined) return member;
    return Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

/** Whether two values say the same, however their members are ordered; a member undefined is none. */
export function isSameData(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  return (
    Object.keys(b).every((key) => isSameData(own(a, key), own(b, key))) &&
    Object.keys(a).every((key) => own(b, key) !== undefined || own(a, key) === undefined)
  );
}

/** Freezes plain data through and through; returns it. */
export function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const member of Object.values(value)) deepFreeze(member);
  }
  return value;
}

/** Of the object itself: a member may have the name of what every object has. */
function own(object: object, key: string): unknown {
  return Object.hasOwn(object, key) ? Reflect.get(object, key) : undefined;
}

function copy(value: unknown, at: Place, depth: number, budget: { left: number }): Plain {
  if (budget.left <= 0) return null;
  budget.left -= 1;
  if (budget.left === 0) at.wrong(`is more than ${plainValuesMax} values`);
  if (typeof value === "string" || typeof value === "boolean" || value === null) return value;
  if (typeof value === "number" && Number.isFinite(value)) return value + 0; // No -0: JSON has none.
  if (depth >= plainDepthMax) {
    at.wrong(`is nested deeper than ${plainDepthMax} levels`);
    return null;
  }
  if (Array.isArray(value)) {
    return value.map((item: unknown, index) => copy(item, at.item(index), depth + 1, budget));
  }
  const object = asObject(value);
  if (object === undefined) {
    at.wrong(`must be plain data, and is ${kindOf(value)}`);
    return null;
  }
  const entries = Object.entries(object).map(([key, member]): [string, Plain] => {
    if (key === "__proto__") at.member(key).wrong("is not a possible name");
    return [key, copy(member, at.member(key), depth + 1, budget)];
  });
  return Object.fromEntries(entries);
}
