/**
 * Readers of single values: text, numbers, choices, durations, sizes, lists, plain data. Each says
 * what it wants, with an example, and bounds what it takes.
 */

import { durationText, parseDuration, parseSize } from "./quantities.ts";
import { asObject, kindOf, type Reader } from "./reading.ts";
import { didYouMean } from "./suggestion.ts";

export interface Range {
  readonly min: number;
  readonly max: number;
}

/** Text that matches `pattern`; `what` says so to people. */
export function text(pattern: RegExp, what: string): Reader<string> {
  return (value, at) => {
    if (typeof value === "string" && pattern.test(value)) return value;
    at.wrong(`must be ${what}${typeof value === "string" ? "" : `, and is ${kindOf(value)}`}`);
    return "";
  };
}

/** Any text of a bounded length, of records. */
export const anyText = text(/^.{0,65536}$/s, "text of at most 65536 characters");

/**
 * What a process can be given as an argument or the value of a variable, of at most `charsMax`
 * characters. Numbers, true and false become text.
 */
export function processText(charsMax: number): Reader<string> {
  return (value, at) => {
    if (typeof value === "number" || typeof value === "boolean") return String(value);
    if (typeof value !== "string") {
      at.wrong(`must be text, a number, true or false, and is ${kindOf(value)}`);
    } else if (value.includes("\0")) {
      at.wrong("must not contain a NUL character");
    } else if (value.length > charsMax) {
      at.wrong(`is ${value.length} characters long, and may have ${charsMax}`);
    } else {
      return value;
    }
    return "";
  };
}

/** One of `words`, the first being the stand-in. */
export function choice<const Word extends string>(words: readonly [Word, ...Word[]]): Reader<Word> {
  return (value, at) => {
    const word = words.find((known) => known === value);
    if (word !== undefined) return word;
    const hint = typeof value === "string" ? didYouMean(value, words) : "";
    at.wrong(`must be one of ${words.join(", ")}${hint}`);
    return words[0];
  };
}

export function integer(range: Range): Reader<number> {
  return (value, at) => {
    if (Number.isInteger(value) && isWithin(value, range)) return value;
    at.wrong(`must be a whole number from ${range.min} to ${range.max}`);
    return range.min;
  };
}

/** A whole number from 0, of records. */
export const count = integer({ min: 0, max: Number.MAX_SAFE_INTEGER });

export function number(range: Range): Reader<number> {
  return (value, at) => {
    if (isWithin(value, range)) return value;
    at.wrong(`must be a number from ${range.min} to ${range.max}`);
    return range.min;
  };
}

/** A duration with its unit, in ms. */
export function duration(range: Range): Reader<number> {
  return (value, at) => {
    const ms = typeof value === "string" ? parseDuration(value) : undefined;
    if (isWithin(ms, range)) return ms;
    if (typeof value === "number") at.wrong(`needs a unit, like ${value}s or ${value}ms`);
    else if (ms === undefined) at.wrong("must be a duration, like 250ms, 10s, 5m or 1h");
    else at.wrong(`must be from ${durationText(range.min)} to ${durationText(range.max)}`);
    return range.min;
  };
}

/** A size in bytes: with its unit, or a whole number of bytes. */
export function size(range: Range): Reader<number> {
  return (value, at) => {
    const bytes = typeof value === "string" ? parseSize(value) : value;
    if (Number.isInteger(bytes) && isWithin(bytes, range)) return bytes;
    if (typeof bytes === "number") at.wrong(`must be from ${range.min} to ${range.max} bytes`);
    else at.wrong("must be a size, like 10MB or 256KiB");
    return range.min;
  };
}

/** A list of at most `itemsMax` items. */
export function listOf<T>(item: Reader<T>, itemsMax: number): Reader<readonly T[]> {
  return (value, at) => {
    if (!Array.isArray(value)) {
      at.wrong(`must be a list, like [a, b], and is ${kindOf(value)}`);
      return [];
    }
    if (value.length > itemsMax) at.wrong(`has ${value.length} items, and may have ${itemsMax}`);
    return value.slice(0, itemsMax).map((entry: unknown, index) => item(entry, at.item(index)));
  };
}

/** An object of at most `entriesMax` entries whose names match `name`. */
export function mapOf<T>(
  name: RegExp,
  entry: Reader<T>,
  entriesMax: number,
): Reader<Readonly<Record<string, T>>> {
  return (value, at) => {
    const object = asObject(value);
    if (object === undefined) at.wrong(`must be an object, and is ${kindOf(value)}`);
    const entries = Object.entries(object ?? {});
    if (entries.length > entriesMax) {
      at.wrong(`has ${entries.length} entries, and may have ${entriesMax}`);
    }
    const read = entries.slice(0, entriesMax).map(([key, member]): [string, T] => {
      if (!name.test(key) || key === "__proto__") at.member(key).wrong("is not a possible name");
      return [key, entry(member, at.member(key))];
    });
    return Object.fromEntries(read);
  };
}

function isWithin(value: unknown, range: Range): value is number {
  return typeof value === "number" && value >= range.min && value <= range.max;
}
