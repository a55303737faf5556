/** The schema of specs for this version of Mob: what the services say, with what its providers say. */
import type { JsonSchema } from "../core/json-schema.ts";
import { paramsSchemas } from "../providers/registry.ts";
import { specSchema } from "../services/spec-schema.ts";

/** JSON Schema, draft 2020-12, of one document as `mob deploy` takes it. */
export function createSpecSchema(): JsonSchema {
  return specSchema(paramsSchemas());
}
