/**
 * The JSON Schema of a spec, for editors: what the spec's own readers say of themselves, with the
 * defaults that they fill in. What no schema can say (cycles, the size of the whole, the range of a
 * duration) the node checks alone.
 */
import type { JsonSchema } from "../core/json-schema.ts";
import { asObject } from "../core/reading.ts";
import { groupSchema, groupSpecToJson, parseGroupSpec } from "./group-spec.ts";
import { parseSpec, readSpecFields, specToJson } from "./spec.ts";

/** @param params by type of provider: the schema of its parameters */
export function specSchema(params: ReadonlyMap<string, JsonSchema>): JsonSchema {
  const least = { name: "web", provider: "bash" };
  const service = {
    ...withDefaults(readSpecFields.schema(), specToJson(parseSpec(least))),
    allOf: [...params].map(([type, schema]) => ofProvider(type, schema)),
  };
  const leastGroup = parseGroupSpec({ name: "web", services: [least] });
  const group = withDefaults(groupSchema(), groupSpecToJson(leastGroup));
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "A service of Mob, or a group of them",
    $ref: "#/$defs/spec",
    $defs: {
      spec: {
        type: "object",
        if: { properties: { services: {} }, required: ["services"] },
        // biome-ignore lint/suspicious/noThenProperty: JSON Schema's own word.
        then: { $ref: "#/$defs/group" },
        else: { $ref: "#/$defs/service" },
      },
      service,
      group,
    },
  };
}

/** Each optional field with the value that it has where it is left out. */
function withDefaults(schema: JsonSchema, defaults: Readonly<Record<string, unknown>>): JsonSchema {
  const { properties, required = [], anyOf } = schema;
  const filled = Object.entries(properties ?? {}).map(([key, field]): [string, JsonSchema] => {
    if (required.includes(key) || !Object.hasOwn(defaults, key)) return [key, field];
    const value = defaults[key];
    const members = asObject(value);
    const isLeaf = members === undefined || Object.keys(members).length === 0;
    return [key, isLeaf ? { ...field, default: value } : withDefaults(field, members)];
  });
  return {
    ...schema,
    ...(anyOf && { anyOf: anyOf.map((choice) => withDefaults(choice, defaults)) }),
    ...(properties && { properties: Object.fromEntries(filled) }),
  };
}

function ofProvider(type: string, params: JsonSchema): JsonSchema {
  const isNeeded = (params.required ?? []).length > 0;
  return {
    if: { properties: { provider: { const: type } }, required: ["provider"] },
    // biome-ignore lint/suspicious/noThenProperty: JSON Schema's own word.
    then: { properties: { params }, ...(isNeeded && { required: ["params"] }) },
  };
}
