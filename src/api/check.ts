/** Checks what came from outside against a schema, and tells every error at once, with its path. */
import type { Static, TSchema } from "typebox";
import Value from "typebox/value";
import { BadRequest, type ErrorDetail } from "../core/errors.ts";

/**
 * `value`, now of the schema's type. `what` names it in the message: `the body`.
 * @throws BadRequest with one detail for each error.
 */
export function check<Schema extends TSchema>(
  schema: Schema,
  value: unknown,
  what: string,
): Static<Schema> {
  if (Value.Check(schema, value)) return value;
  const details = Value.Errors(schema, beginning(value)).flatMap(detailOf);
  throw new BadRequest(`${what} is not as it should be`, { details });
}

/** Items of a list that are looked at for what is wrong with them. */
const itemsShown = 100;

/** To tell what is wrong takes long for each item, and no one reads it of a hundred thousand. */
function beginning(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const members = Object.entries(value).map(([key, member]): [string, unknown] => {
    return [key, Array.isArray(member) ? member.slice(0, itemsShown) : member];
  });
  return Object.fromEntries(members);
}

type SchemaError = ReturnType<typeof Value.Errors>[number];

function detailOf(error: SchemaError): ErrorDetail[] {
  // The library tells an unknown key twice: for its object, and as a schema that is `false`.
  if (error.keyword === "additionalProperties") return [];
  const message = error.keyword === "boolean" ? "is not known" : error.message;
  return [{ path: dotted(error.instancePath), message }];
}

/** A JSON pointer as people write it: `/services/0/name` is `services[0].name`. */
function dotted(pointer: string): string {
  return pointer
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"))
    .reduce((path, part) => {
      if (/^[0-9]+$/.test(part)) return `${path}[${part}]`;
      return path === "" ? part : `${path}.${part}`;
    }, "");
}
