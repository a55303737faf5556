/**
 * Reads untrusted data into typed values and tells everything that is wrong with it, not only the
 * first. A reader always returns a value: where it complains, a harmless stand-in that is thrown
 * away, since one complaint is enough to refuse the whole. By hand and not by a JSON-Schema
 * library, whose errors at a choice ("must match a schema in anyOf") help nobody who mistyped.
 */
import { type ErrorDetail, InvalidSpec } from "./errors.ts";
import type { JsonSchema } from "./json-schema.ts";
import { didYouMean } from "./suggestion.ts";

/** Complaints told of one input; what is over is counted, not listed. */
const complaintsMax = 100;

/** What a user reads at a field that this version knows and does not support. */
export const comesLater = "comes later: this version of Mob does not support it yet";

/** Where in the input a value stands, and whom to tell what is wrong with it. */
export class Place {
  readonly path: string;
  readonly #complain: (detail: ErrorDetail) => void;

  constructor(path: string, complain: (detail: ErrorDetail) => void) {
    this.path = path;
    this.#complain = complain;
  }

  wrong(message: string): void {
    this.#complain({ path: this.path, message });
  }

  /** The place of a member: `env.MODE`, `env["a b"]`. */
  member(key: string): Place {
    return new Place(memberPath(this.path, key), this.#complain);
  }

  /** The place of an item: `requires[1]`. */
  item(index: number): Place {
    return new Place(`${this.path}[${index}]`, this.#complain);
  }
}

/** The path of a member of what is at `path`: `env.MODE`, `env["a b"]`. */
export function memberPath(path: string, key: string): string {
  if (!/^[\w-]+$/.test(key)) return `${path}[${JSON.stringify(key.slice(0, 64))}]`;
  return path === "" ? key : `${path}.${key}`;
}

/** Takes a value that is there, or complains and returns a stand-in. */
export interface Reader<T> {
  (value: unknown, at: Place): T;
  /** What it takes, as far as JSON Schema can say; absent where only records are read by it. */
  readonly schema?: () => JsonSchema;
}

/** A reader that can tell what it takes. */
export interface DescribedReader<T> extends Reader<T> {
  readonly schema: () => JsonSchema;
}

/** `read`, with the schema of what it takes. */
export function described<T>(
  schema: () => JsonSchema,
  read: (value: unknown, at: Place) => T,
): DescribedReader<T> {
  return Object.assign((value: unknown, at: Place) => read(value, at), { schema });
}

/**
 * Reads an object: `build` takes its fields one by one, and those that it did not take are wrong. Its
 * schema comes of running `build` on an object without fields, and noting what it asks for: it must ask
 * for every field whatever the others are.
 * @param later keys that are known, and not supported in this version
 */
export function objectOf<T>(
  what: string,
  build: (fields: Fields) => T,
  later: readonly string[] = [],
): DescribedReader<T> {
  const schema = () => {
    const fields = new Fields({}, silent, what);
    build(fields);
    return fields.schema();
  };
  return described(schema, (value, at) => {
    const fields = new Fields(value, at, what);
    const built = build(fields);
    fields.end(later);
    return built;
  });
}

/** Reads `input` whole. @throws InvalidSpec with every complaint and its path. */
export function readAll<T>(what: string, input: unknown, reader: Reader<T>): T {
  const details: ErrorDetail[] = [];
  let complaints = 0;
  const value = reader(
    input,
    new Place("", (detail) => {
      complaints += 1;
      if (complaints <= complaintsMax) details.push(detail);
    }),
  );
  if (complaints === 0) return value;
  if (complaints > complaintsMax) {
    details.push({ path: "", message: `and ${complaints - complaintsMax} more errors` });
  }
  const count = complaints === 1 ? "1 error" : `${complaints} errors`;
  throw new InvalidSpec(`${what} has ${count}`, { details });
}

/** The fields of an object, taken one by one; `end` complains of those that no one took. */
export class Fields {
  readonly #value: Readonly<Record<string, unknown>>;
  readonly #at: Place;
  readonly #taken = new Map<string, Asked>();

  /** Complains where `value` is no object, and then reads as an empty one without a word more. */
  constructor(value: unknown, at: Place, what: string) {
    const object = asObject(value);
    if (object === undefined) at.wrong(`must be ${what}, and is ${kindOf(value)}`);
    this.#value = object ?? {};
    this.#at = object === undefined ? silent : at;
  }

  /** @param about what the field means, in its schema */
  required<T>(key: string, reader: Reader<T>, about?: string): T {
    this.#taken.set(key, { reader, isRequired: true, about });
    if (Object.hasOwn(this.#value, key)) return reader(this.#value[key], this.#at.member(key));
    this.#at.member(key).wrong("is required");
    return reader(undefined, silent);
  }

  optional<T, D>(key: string, reader: Reader<T>, absent: D, about?: string): T | D {
    this.#taken.set(key, { reader, isRequired: false, about });
    if (!Object.hasOwn(this.#value, key)) return absent;
    return reader(this.#value[key], this.#at.member(key));
  }

  /** @param later keys that are known, and not supported in this version */
  end(later: readonly string[] = []): void {
    for (const key of Object.keys(this.#value)) {
      if (this.#taken.has(key)) continue;
      if (later.includes(key)) this.#at.member(key).wrong(comesLater);
      else {
        const known = [...this.#taken.keys(), ...later];
        this.#at.member(key).wrong(`unknown key${didYouMean(key, known)}`);
      }
    }
  }

  /** Of an object that has the fields asked for, and no others. */
  schema(): JsonSchema {
    const asked = [...this.#taken];
    const properties = asked.map(([key, field]): [string, JsonSchema] => [key, schemaOf(field)]);
    const required = asked.filter(([, { isRequired }]) => isRequired).map(([key]) => key);
    return {
      type: "object",
      properties: Object.fromEntries(properties),
      ...(required.length > 0 && { required }),
      additionalProperties: false,
    };
  }
}

interface Asked {
  readonly reader: Reader<unknown>;
  readonly isRequired: boolean;
  readonly about: string | undefined;
}

function schemaOf({ reader, about }: Asked): JsonSchema {
  const { description, ...schema } = reader.schema?.() ?? {};
  const words = [about, description].filter((said) => said !== undefined);
  return words.length === 0 ? schema : { description: words.join(" "), ...schema };
}

/** The value as an object with members, neither null nor a list nor of a class. */
export function asObject(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return isObject(value) ? value : undefined;
}

/** What a value is, for people. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "string") return "text";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

const silent = new Place("", () => {});

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
