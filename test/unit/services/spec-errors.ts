/** What is wrong with a spec, by its paths. */
import assert from "node:assert/strict";
import { InvalidSpec } from "../../../src/core/errors.ts";
import { parseSpec } from "../../../src/services/spec.ts";

/** Of a service that is right but for `more`. */
export function errorsOf(more: object): Readonly<Record<string, string>> {
  try {
    parseSpec({ name: "web", provider: "bash", ...more });
  } catch (error) {
    assert.ok(error instanceof InvalidSpec);
    return Object.fromEntries(error.details.map(({ path, message }) => [path, message]));
  }
  return {};
}
