import assert from "node:assert/strict";
import { test } from "node:test";
import { parseGroupSpec } from "../../../src/services/group-spec.ts";
import { specChanges } from "../../../src/services/spec-changes.ts";

const a = { name: "a", provider: "bash", env: { A: "1" } };
const b = { name: "b", provider: "bash" };

function changes(last: readonly object[], next: readonly object[], more: object = {}) {
  const shop = (services: readonly object[]) => ({ name: "shop", services });
  return specChanges(parseGroupSpec(shop(last)), parseGroupSpec({ ...shop(next), ...more }));
}

test("the services of a group are compared by their names, field by field", () => {
  const nested = (env: object) => ({ name: "g", services: [{ ...a, env }] });
  assert.deepEqual(
    changes([a, nested({ A: "1" })], [{ ...a, env: { A: "2" } }, nested({})], {
      strategy: "one_for_all",
    }),
    [
      { path: "services.a.env.A", from: "1", to: "2" },
      { path: "services.g.services.a.env.A", from: "1" },
      { path: "strategy", from: "one_for_one", to: "one_for_all" },
    ],
  );
  assert.deepEqual(changes([a, b], [a, b]), []);
});

test("another order is told, and so is what comes and what goes", () => {
  const [order, ...others] = changes([a, b], [b, a]);
  assert.deepEqual(order, { path: "order", from: ["a", "b"], to: ["b", "a"] });
  assert.deepEqual(others, []);
  const paths = changes([a], [b]).map(({ path, from, to }) => [
    path,
    from !== undefined,
    to !== undefined,
  ]);
  assert.deepEqual(paths, [
    ["order", true, true],
    ["services.a", true, false],
    ["services.b", false, true],
  ]);
});
