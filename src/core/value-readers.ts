/**
 * Readers of single values: text, numbers, choices, durations, sizes, lists, plain data. Each says
 * what it wants, with an example, and bounds what it takes.
 */

import {
  durationPattern,
  durationText,
  parseDuration,
  parseSize,
  sizePattern,
} from "./quantities.ts";
import { asObject, type DescribedReader, described, kindOf, type Reader } from "./reading.ts";
import { didYouMean } from "./suggestion.ts";

export interface Range {
  readonly min: number;
  readonly max: number;
}

/** Text that matches `pattern`; `what` says so to people. */
export function text(pattern: RegExp, what: string): DescribedReader<string> {
  const schema = () => ({ description: sentence(what), type: "string", pattern: pattern.source });
  return described(schema, (value, at) => {
    if (typeof value === "string" && pattern.test(value)) return value;
    at.wrong(`must be ${what}${typeof value === "string" ? "" : `, and is ${kindOf(value)}`}`);
    return "";
  });
}

/** Any text of a bounded length, of records. */
export const anyText = text(/^.{0,65536}$/s, "text of at most 65536 characters");

/**
 * What a process can be given as an argument or the value of a variable, of at most `charsMax`
 * characters. Numbers, true and false become text.
 */
export function processText(charsMax: number): DescribedReader<string> {
  const schema = () => ({
    type: ["string", "number", "boolean"],
    maxLength: charsMax,
    pattern: "^[^\\u0000]*$",
  });
  return described(schema, (value, at) => {
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
  });
}

/** True or false. */
export const flag = described(
  () => ({ type: "boolean" }),
  (value, at): boolean => {
    if (typeof value !== "boolean") at.wrong("must be true or false");
    return value === true;
  },
);

/** One of `words`, the first being the stand-in. */
export function choice<const Word extends string>(
  words: readonly [Word, ...Word[]],
): DescribedReader<Word> {
  return described(
    () => ({ enum: words }),
    (value, at) => {
      const word = words.find((known) => known === value);
      if (word !== undefined) return word;
      const hint = typeof value === "string" ? didYouMean(value, words) : "";
      at.wrong(`must be one of ${words.join(", ")}${hint}`);
      return words[0];
    },
  );
}

export function integer({ min, max }: Range): DescribedReader<number> {
  const what = `a whole number from ${min} to ${max}`;
  const schema = { description: sentence(what), type: "integer", minimum: min, maximum: max };
  return described(
    () => schema,
    (value, at) => {
      if (Number.isInteger(value) && isWithin(value, { min, max })) return value;
      at.wrong(`must be ${what}`);
      return min;
    },
  );
}

/** A whole number from 0, of records. */
export const count = integer({ min: 0, max: Number.MAX_SAFE_INTEGER });

export function number({ min, max }: Range): DescribedReader<number> {
  const what = `a number from ${min} to ${max}`;
  const schema = { description: sentence(what), type: "number", minimum: min, maximum: max };
  return described(
    () => schema,
    (value, at) => {
      if (isWithin(value, { min, max })) return value;
      at.wrong(`must be ${what}`);
      return min;
    },
  );
}

/** A duration with its unit, in ms. */
export function duration(range: Range): DescribedReader<number> {
  const limits = `from ${durationText(range.min)} to ${durationText(range.max)}`;
  const schema = () => ({
    description: sentence(`a duration ${limits}, like 250ms, 10s, 5m or 1h`),
    type: "string",
    pattern: durationPattern.source,
  });
  return described(schema, (value, at) => {
    const ms = typeof value === "string" ? parseDuration(value) : undefined;
    if (isWithin(ms, range)) return ms;
    if (typeof value === "number") at.wrong(`needs a unit, like ${value}s or ${value}ms`);
    else if (ms === undefined) at.wrong("must be a duration, like 250ms, 10s, 5m or 1h");
    else at.wrong(`must be ${limits}`);
    return range.min;
  });
}

/** A size in bytes: with its unit, or a whole number of bytes. */
export function size(range: Range): DescribedReader<number> {
  const limits = `from ${range.min} to ${range.max} bytes`;
  const schema = () => ({
    description: sentence(`a size ${limits}, like 10MB or 256KiB`),
    anyOf: [
      { type: "string", pattern: sizePattern.source },
      { type: "integer", minimum: range.min, maximum: range.max },
    ],
  });
  return described(schema, (value, at) => {
    const bytes = typeof value === "string" ? parseSize(value) : value;
    if (Number.isInteger(bytes) && isWithin(bytes, range)) return bytes;
    if (typeof bytes === "number") at.wrong(`must be ${limits}`);
    else at.wrong("must be a size, like 10MB or 256KiB");
    return range.min;
  });
}

/** A list of at most `itemsMax` items. */
export function listOf<T>(item: Reader<T>, itemsMax: number): DescribedReader<readonly T[]> {
  const schema = () => ({ type: "array", items: item.schema?.() ?? {}, maxItems: itemsMax });
  return described(schema, (value, at) => {
    if (!Array.isArray(value)) {
      at.wrong(`must be a list, like [a, b], and is ${kindOf(value)}`);
      return [];
    }
    if (value.length > itemsMax) at.wrong(`has ${value.length} items, and may have ${itemsMax}`);
    return value.slice(0, itemsMax).map((entry: unknown, index) => item(entry, at.item(index)));
  });
}

/** An object of at most `entriesMax` entries whose names match `name`. */
export function mapOf<T>(
  name: RegExp,
  entry: Reader<T>,
  entriesMax: number,
): DescribedReader<Readonly<Record<string, T>>> {
  const schema = () => ({
    type: "object",
    propertyNames: { pattern: name.source, not: { const: "__proto__" } },
    additionalProperties: entry.schema?.() ?? {},
    maxProperties: entriesMax,
  });
  return described(schema, (value, at) => {
    const object = asObject(value);
    if (object === undefined) at.wrong(`must be an object, and is ${kindOf(value)}`);
    const entries = Object.entries(object ?? {});
    if (entries.length > entriesMax) {
      at.wrong(`has ${entries.length} entries, and may have ${entriesMax}`);
    }
    const read = entries.slice(0, entriesMax).map(([key, member]): [string, T] => {
      if (!name.test(key))
        at.member(key).wrong(`is not a possible name: one matches ${name.source}`);
      else if (key === "__proto__") at.member(key).wrong("is not a possible name");
      return [key, entry(member, at.member(key))];
    });
    return Object.fromEntries(read);
  });
}

/** What is wanted, as a sentence of a schema's description. */
function sentence(what: string): string {
  return `${what.charAt(0).toUpperCase()}${what.slice(1)}.`;
}

function isWithin(value: unknown, range: Range): value is number {
  return typeof value === "number" && value >= range.min && value <= range.max;
}
