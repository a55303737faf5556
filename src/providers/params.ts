/** The `params` of a service, as each provider declares them: once, for its parser and its schema. */
import type { JsonSchema } from "../core/json-schema.ts";
import { type Fields, objectOf, type Place, readAll } from "../core/reading.ts";

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
 * @param together tells what fields that are right by themselves are wrong together
 */
export function declareParams<T>(
  type: string,
  what: string,
  build: (fields: Fields) => T,
  together: (params: T, at: Place) => void = () => {},
): DeclaredParams<T> {
  const reader = objectOf(what, build);
  const title = `params of ${type}`;
  return {
    parse(input) {
      const params = readAll(title, input, (value, at) => reader(value, at.member("params")));
      readAll(title, params, (_value, at) => together(params, at.member("params")));
      return Object.freeze(params);
    },
    schema: reader.schema,
  };
}
