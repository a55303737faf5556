/**
 * Reads untrusted data into typed values and tells everything that is wrong with it, not only the
 * first. A reader always returns a value: where it complains, a harmless stand-in that is thrown
 * away, since one complaint is enough to refuse the whole. By hand and not by a JSON-Schema
 * library, whose errors at a choice ("must match a schema in anyOf") help nobody who mistyped.
 */
import { type ErrorDetail, InvalidSpec } from "./errors.ts";
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
    const plain = /^[\w-]+$/.test(key);
    const dot = this.path === "" ? "" : ".";
    const step = plain ? `${dot}${key}` : `[${JSON.stringify(key.slice(0, 64))}]`;
    return new Place(this.path + step, this.#complain);
  }

  /** The place of an item: `requires[1]`. */
  item(index: number): Place {
    return new Place(`${this.path}[${index}]`, this.#complain);
  }
}

/** Takes a value that is there, or complains and returns a stand-in. */
export type Reader<T> = (value: unknown, at: Place) => T;

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
  readonly #taken: string[] = [];

  /** Complains where `value` is no object, and then reads as an empty one without a word more. */
  constructor(value: unknown, at: Place, what: string) {
    const object = asObject(value);
    if (object === undefined) at.wrong(`must be ${what}, and is ${kindOf(value)}`);
    this.#value = object ?? {};
    this.#at = object === undefined ? silent : at;
  }

  required<T>(key: string, reader: Reader<T>): T {
    this.#taken.push(key);
    if (Object.hasOwn(this.#value, key)) return reader(this.#value[key], this.#at.member(key));
    this.#at.member(key).wrong("is required");
    return reader(undefined, silent);
  }

  optional<T, D>(key: string, reader: Reader<T>, absent: D): T | D {
    this.#taken.push(key);
    if (!Object.hasOwn(this.#value, key)) return absent;
    return reader(this.#value[key], this.#at.member(key));
  }

  /** @param later keys that are known, and not supported in this version */
  end(later: readonly string[] = []): void {
    for (const key of Object.keys(this.#value)) {
      if (this.#taken.includes(key)) continue;
      if (later.includes(key)) this.#at.member(key).wrong(comesLater);
      else this.#at.member(key).wrong(`unknown key${didYouMean(key, [...this.#taken, ...later])}`);
    }
  }
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
