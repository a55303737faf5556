import assert from "node:assert/strict";
import { test } from "node:test";
import { InvalidSpec } from "../../../../src/core/errors.ts";
import { execParams } from "../../../../src/providers/exec/params.ts";

/** `path: message` of every error. */
function complaints(input: unknown): readonly string[] {
  try {
    execParams.parse(input);
  } catch (error) {
    assert.ok(error instanceof InvalidSpec);
    return error.details.map(({ path, message }) => `${path}: ${message}`);
  }
  return [];
}

test("a program alone has no arguments, and runs in its own folder as whom the node runs", () => {
  assert.deepEqual(execParams.parse({ program: "/bin/true" }), {
    program: "/bin/true",
    args: [],
    cwd: undefined,
    user: undefined,
    isolation: undefined,
  });
});

test("arguments stay as they are written, and numbers and booleans become text", () => {
  const args = ["a b", "$HOME", "", "*", 8000, 1.5, true];
  const { args: read } = execParams.parse({ program: "x", args });
  assert.deepEqual(read, ["a b", "$HOME", "", "*", "8000", "1.5", "true"]);
});

test("a user is a name or a number, with a group or without", () => {
  const user = (given: unknown) => execParams.parse({ program: "x", user: given }).user;
  assert.deepEqual(user("www-data"), { user: "www-data", group: undefined });
  assert.deepEqual(user(0), { user: "0", group: undefined });
  assert.deepEqual(user("1000:adm"), { user: "1000", group: "adm" });
  assert.deepEqual(user("4294967294"), { user: "4294967294", group: undefined });
});

for (const user of [
  "",
  ":",
  "a:",
  ":b",
  "a:b:c",
  "a b",
  "-x",
  "a/b",
  "4294967295",
  -1,
  1.5,
  1e21,
  true,
  ["a"],
]) {
  test(`${JSON.stringify(user)} is no user`, () => {
    const message = "must be a user, like www-data or 1000, or user:group";
    assert.deepEqual(complaints({ program: "x", user }), [`params.user: ${message}`]);
  });
}

test("a misspelt key is an error that says what may have been meant", () => {
  assert.deepEqual(complaints({ program: "x", agrs: [], shell: true }), [
    "params.agrs: unknown key, did you mean `args`?",
    "params.shell: unknown key",
  ]);
});

test("a program that is neither a path from the root nor a name says where arguments belong", () => {
  assert.deepEqual(complaints({ program: "./run", args: "-v" }), [
    "params.program: must be an absolute path, or a name to look up on the PATH; its arguments belong in args",
    "params.args: must be a list, like [a, b], and is text",
  ]);
});
