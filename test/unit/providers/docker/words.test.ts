import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { quote } from "shlex";
import { readAll } from "../../../../src/core/reading.ts";
import { readWords } from "../../../../src/providers/docker/words.ts";

const words = (value: unknown) => readAll("words", value, readWords);

test("a line is split as a shell splits it", () => {
  assert.deepEqual(words('/bin/sh -c "while [ true ]; do echo ciao; sleep 5; done"'), [
    "/bin/sh",
    "-c",
    "while [ true ]; do echo ciao; sleep 5; done",
  ]);
  assert.deepEqual(words(`a'b c'd  "e \\"f\\"" g\\ h ''`), ["ab cd", 'e "f"', "g h", ""]);
  assert.deepEqual(words(""), []);
});

test("nothing in a line is expanded", () => {
  assert.deepEqual(words("echo $HOME * ~ a;b #c"), ["echo", "$HOME", "*", "~", "a;b", "#c"]);
});

test("words of a list stay as they are, and numbers become text", () => {
  assert.deepEqual(words(["a b", "'", 8000, true]), ["a b", "'", "8000", "true"]);
});

test("a quote that is not closed is told", () => {
  assert.throws(() => words("sh -c 'true"), {
    details: [
      { path: "", message: "cannot be split into words: Got EOF while in a quoted string" },
    ],
  });
});

test("any words come back from the line that a shell would need for them", () => {
  fc.assert(
    fc.property(fc.array(fc.string().filter((word) => !word.includes("\0"))), (given) => {
      assert.deepEqual(words(given.map(quote).join(" ")), given);
    }),
  );
});
