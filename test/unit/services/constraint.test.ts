import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  type Constraint,
  constraintText,
  parseConstraint,
  reasonAgainst,
} from "../../../src/services/constraint.ts";

const attribute = fc.oneof(
  fc.constant("node.name"),
  fc.constantFrom("zone", "constructor", "a.b-c", "__proto__").map((label) => `label.${label}`),
);
const constraint: fc.Arbitrary<Constraint> = fc.record(
  {
    attribute,
    operator: fc.constantFrom("==" as const, "!=" as const),
    value: fc.stringMatching(/^\S(.{0,20}\S)?$/),
  },
  { noNullPrototype: true },
);

test("a constraint is read back from its text", () => {
  fc.assert(
    fc.property(constraint, (one) => {
      assert.deepEqual(parseConstraint(constraintText(one)), one);
    }),
  );
});

test("blanks around the operator do not matter, and what is no constraint is none", () => {
  const same = ["label.zone==eu", "label.zone == eu", "label.zone  ==  eu"].map(parseConstraint);
  assert.deepEqual(new Set(same.map((it) => JSON.stringify(it))).size, 1);
  for (const text of [
    "",
    "zone == eu",
    "label. == eu",
    "label.zone = eu",
    "node.id == a",
    "label.zone ==",
  ]) {
    assert.equal(parseConstraint(text), undefined, text);
  }
});

test("for any node exactly one of a constraint and its opposite holds", () => {
  const labels = fc.dictionary(fc.constantFrom("zone", "constructor"), fc.constantFrom("eu", "us"));
  fc.assert(
    fc.property(constraint, labels, fc.constantFrom("a", "b"), (one, labels, name) => {
      const opposite = { ...one, operator: one.operator === "==" ? "!=" : "==" } as const;
      const reasons = [one, opposite].map((it) => reasonAgainst(it, { name, labels }));
      assert.equal(reasons.filter((reason) => reason === undefined).length, 1);
    }),
  );
});

test("a label that a node does not have is unlike any value, also one that every object has", () => {
  const node = { name: "a", labels: {} };
  for (const label of ["zone", "constructor", "toString"]) {
    const is = parseConstraint(`label.${label} == x`) ?? assert.fail();
    assert.equal(reasonAgainst(is, node), `has no label ${label}, which is to be x`);
    assert.equal(reasonAgainst({ ...is, operator: "!=" }, node), undefined);
  }
});
