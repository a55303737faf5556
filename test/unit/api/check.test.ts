import assert from "node:assert/strict";
import { test } from "node:test";
import Type from "typebox";
import { ActorView } from "../../../src/api/actor-shapes.ts";
import { check } from "../../../src/api/check.ts";
import { aTree } from "../../support/memory-commands.ts";

const Schema = Type.Object(
  { list: Type.Array(Type.Object({ "a/b": Type.Integer() }, { additionalProperties: false })) },
  { additionalProperties: false },
);

test("gives back what fits", () => {
  const value = { list: [{ "a/b": 1 }] };
  assert.equal(check(Schema, value, "it"), value);
});

test("tells every error once, with its path as people write it", () => {
  const wrong = { list: [{ "a/b": 1 }, { "a/b": "x", c: 1 }], d: 1 };
  assert.throws(
    () => check(Schema, wrong, "it"),
    (error: { code: string; details: { path: string; message: string }[] }) => {
      assert.equal(error.code, "bad_request");
      const details = error.details.map(({ path, message }) => `${path}: ${message}`).sort();
      assert.deepEqual(details, [
        "d: is not known",
        "list[1].a/b: must be integer",
        "list[1].c: is not known",
      ]);
      return true;
    },
  );
});

test("a tree of actors fits its own shape at any depth", () => {
  assert.equal(check(ActorView, aTree, "it"), aTree);
  const [child] = aTree.children;
  const wrong = { ...aTree, children: [{ ...child, children: [{ path: 3 }] }] };
  assert.throws(() => check(ActorView, wrong, "it"), { code: "bad_request" });
});
