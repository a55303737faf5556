import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { InvalidSpec } from "../../../src/core/errors.ts";
import { parseSpec, specToJson } from "../../../src/services/spec.ts";
import { validSpec } from "./arbitraries.ts";

const keys = ["name", "provider", "params", "requires", "restart", "env", "stop", "logs", "health"];

/** Any value under the keys of a spec, and any at all. */
const anything = fc.oneof(
  fc.jsonValue(),
  fc.dictionary(fc.constantFrom(...keys), fc.jsonValue()),
  fc.tuple(validSpec, fc.constantFrom(...keys), fc.jsonValue()).map(([spec, key, value]) => ({
    ...spec,
    [key]: value,
  })),
);

test("whatever comes in, only InvalidSpec comes out, with at least one error", () => {
  fc.assert(
    fc.property(anything, (input) => {
      try {
        parseSpec(input);
      } catch (error) {
        assert.ok(error instanceof InvalidSpec, String(error));
        assert.ok(error.details.length > 0);
      }
    }),
    { numRuns: 500 },
  );
});

test("a parsed spec, written out and parsed again, is the same", () => {
  fc.assert(
    fc.property(validSpec, (input) => {
      const spec = parseSpec(input);
      const text = JSON.stringify(specToJson(spec));
      assert.deepEqual(parseSpec(JSON.parse(text)), spec);
    }),
  );
});

test("a spec is parsed the same however its keys are ordered", () => {
  fc.assert(
    fc.property(validSpec, (input) => {
      const turned = Object.fromEntries(Object.entries(input).reverse());
      assert.deepEqual(parseSpec(turned), parseSpec(input));
    }),
  );
});
