import assert from "node:assert/strict";
import { test } from "node:test";
import { didYouMean, suggest } from "../../../src/core/suggestion.ts";

const words = ["name", "requires", "restart", "on_error", "env"];

test("finds the word that a slip or two away was meant", () => {
  assert.equal(suggest("requries", words), "requires");
  assert.equal(suggest("require", words), "requires");
  assert.equal(suggest("nmae", words), "name");
  assert.equal(suggest("Restart", words), "restart");
  assert.equal(suggest("on-error", words), "on_error");
  assert.equal(suggest("evn", words), "env");
});

test("suggests nothing where nothing is near", () => {
  assert.equal(suggest("command", words), undefined);
  assert.equal(suggest("x", words), undefined);
  assert.equal(suggest("r".repeat(10_000), words), undefined);
});

test("says it in a way that may follow any message", () => {
  assert.equal(didYouMean("dokcer", ["rocket", "docker"]), ", did you mean `docker`?");
  assert.equal(didYouMean("image", ["command"]), "");
});
