/** The `params` of a service, as each provider declares them: once, for its parser and its schema. */
import type { JsonSchema } from "../core/json-schema.ts";
import { type Fields, objectOf, readAll } from "../core/reading.ts";

export interface DeclaredParams<T> {
  /** The parameters, frozen. @throws InvalidSpec with every error and its path below `params` */
  readonly parse: (input: unknown) => Readonly<T>;
  /** What `parse` takes, as far as JSON Schema can say. */
  readonly schema: () => JsonSchema;
}

/**
 * @param type the provider's
 * @param what they are, to people: "an object with a command"
 * @param build takes each field, as in `objectOf`
 */
export function declareParams<T>(
  type: string,
  what: string,
  build: (fields: Fields) => T,
): DeclaredParams<T> {
  const reader = objectOf(what, build);
  return {
    parse: (input) =>
      readAll(`params of ${type}`, input, (value, at) =>
        Object.freeze(reader(value, at.member("params"))),
      ),
    schema: reader.schema,
  };
}
