/** Reads the `params` of a service, whatever its provider. */
import { type Reader, readAll } from "../core/reading.ts";

/** The parameters, frozen. @throws InvalidSpec with every error and its path below `params` */
export function readParams<T>(type: string, input: unknown, reader: Reader<T>): Readonly<T> {
  return readAll(`params of ${type}`, input, (value, at) =>
    Object.freeze(reader(value, at.member("params"))),
  );
}
