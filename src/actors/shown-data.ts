/**
 * What may be shown of any value that an actor holds or is sent: plain data, as much of it as fits a
 * bound, and without what is secret. The bound is on the work too, so that showing a large message
 * costs the actor that is looked at no more than showing a small one.
 */

export interface ShownLimits {
  /** Levels of objects and lists within each other. */
  readonly depthMax: number;
  /** Values in all. */
  readonly valuesMax: number;
  /** Characters of text in all, names of fields included. */
  readonly charsMax: number;
}

/** A message in a trace: about what fits a few lines. */
export const messageLimits: ShownLimits = { depthMax: 6, valuesMax: 80, charsMax: 2_000 };
/** The state of an actor: much, and still far below what a frame holds. */
export const stateLimits: ShownLimits = { depthMax: 20, valuesMax: 20_000, charsMax: 500_000 };

/** In place of a secret. */
const hidden = "(secret)";
const cut = "…";
/** Fields that hold nothing but secrets, however they are written. */
const secretField =
  /^(secrets?|tokens?|pass(word|phrase|wd)?|private_?key|network_?key|(more_?)?proofs?|verifier|authorization)$/i;
/** A token in any text, whatever the field is called. */
const tokenText = /mob(?:api1\.|join1_)[\w.-]+/g;
/** Fields whose values are for the task alone; their names may be seen. */
const environmentField = /^env$/i;
/** A key in text form: 32 bytes in hex or base64. Names of records, also called keys, are not. */
const keyMaterial = /^([0-9a-f]{64}|[A-Za-z0-9+/_-]{43}=?)$/;

export function shownData(value: unknown, limits: ShownLimits): unknown {
  return new Copy(limits).of(value, 0);
}

/** One after the other, so that of a large object only what is shown is looked at. */
function* fieldsOf(value: object): Generator<readonly [string, unknown]> {
  for (const name in value) {
    if (Object.hasOwn(value, name)) yield [name, Reflect.get(value, name)];
  }
}

class Copy {
  readonly #depthMax: number;
  #valuesLeft: number;
  #charsLeft: number;

  constructor({ depthMax, valuesMax, charsMax }: ShownLimits) {
    this.#depthMax = depthMax;
    this.#valuesLeft = valuesMax;
    this.#charsLeft = charsMax;
  }

  of(value: unknown, depth: number): unknown {
    this.#valuesLeft--;
    switch (typeof value) {
      case "string":
        return this.#text(value);
      case "number":
        return Number.isFinite(value) ? value : String(value);
      case "boolean":
      case "undefined":
        return value;
      case "bigint":
      case "symbol":
        return this.#text(String(value));
      case "function":
        return "(function)";
      case "object":
        return value === null ? null : this.#object(value, depth);
    }
  }

  get #isFull(): boolean {
    return this.#valuesLeft <= 0 || this.#charsLeft <= 0;
  }

  #text(text: string): string {
    const left = Math.max(0, this.#charsLeft);
    this.#charsLeft -= text.length;
    const shown = text.length <= left ? text : `${text.slice(0, left)}${cut}`;
    return shown.includes("mob") ? shown.replace(tokenText, hidden) : shown;
  }

  #object(value: object, depth: number): unknown {
    if (ArrayBuffer.isView(value)) return `(${value.byteLength} bytes)`;
    if (depth >= this.#depthMax) return cut;
    if (value instanceof Error) return this.#text(`${value.name}: ${value.message}`);
    if (value instanceof Set || Array.isArray(value)) return this.#list(value, depth);
    return this.#fields(value instanceof Map ? value : fieldsOf(value), depth);
  }

  #list(items: Iterable<unknown>, depth: number): unknown[] {
    const shown: unknown[] = [];
    for (const item of items) {
      if (this.#isFull) {
        shown.push(cut);
        break;
      }
      shown.push(this.of(item, depth + 1));
    }
    return shown;
  }

  #fields(entries: Iterable<readonly [unknown, unknown]>, depth: number): object {
    const shown: [string, unknown][] = [];
    for (const [key, value] of entries) {
      if (this.#isFull) {
        shown.push([cut, cut]);
        break;
      }
      const name = this.#text(typeof key === "object" ? cut : String(key));
      shown.push([name, this.#field(name, value, depth + 1)]);
    }
    return Object.fromEntries(shown); // Defines its fields, so one called __proto__ is one like others.
  }

  #field(name: string, value: unknown, depth: number): unknown {
    if (secretField.test(name) && value !== undefined) return hidden;
    if (/^key$/i.test(name) && typeof value === "string" && keyMaterial.test(value)) return hidden;
    if (!environmentField.test(name) || typeof value !== "object" || value === null) {
      return this.of(value, depth);
    }
    return this.#fields(
      Object.keys(value).map((variable) => [variable, hidden] as const),
      depth,
    );
  }
}
