import assert from "node:assert/strict";
import { test } from "node:test";
import { suggestion } from "../../../src/providers/suggestion.ts";

test("suggests the nearest word, a swap of neighbours being one mistake", () => {
  assert.equal(suggestion("comand", ["command", "image"]), ' (did you mean "command"?)');
  assert.equal(suggestion("dokcer", ["rocket", "docker"]), ' (did you mean "docker"?)');
  assert.equal(suggestion("Bash", ["bash"]), ' (did you mean "bash"?)');
});

test("suggests nothing for a word that is near to none", () => {
  assert.equal(suggestion("image", ["command"]), "");
  assert.equal(suggestion("", ["command"]), "");
});
