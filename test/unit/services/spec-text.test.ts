import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { InvalidSpec } from "../../../src/core/errors.ts";
import { parseDocuments } from "../../../src/services/spec-text.ts";

function failure(text: string): InvalidSpec {
  try {
    parseDocuments(text, "stack.yaml");
  } catch (error) {
    assert.ok(error instanceof InvalidSpec, String(error));
    assert.ok(error.details.length > 0);
    return error;
  }
  throw new assert.AssertionError({ message: `accepted: ${text.slice(0, 60)}` });
}

const whyOf = (text: string): string => failure(text).details[0]?.message ?? "";

test("reads YAML, JSON and single-quoted JSON alike", () => {
  const web = [{ name: "web", params: { command: "sleep 1" } }];
  for (const text of [
    "name: web\nparams:\n  command: sleep 1\n",
    '{ "name": "web", "params": { "command": "sleep 1" } }',
    "{ 'name': 'web', 'params': { 'command': 'sleep 1' } }",
    "{\n\t'name': 'web',\n\t'params': {\n\t\t'command': 'sleep 1'\n\t}\n}",
  ]) {
    assert.deepEqual(parseDocuments(text, "-"), web, text);
  }
});

test("reads several documents, and leaves out empty ones", () => {
  assert.deepEqual(parseDocuments("---\na: 1\n---\n---\nb: 2\n---\n", "-"), [{ a: 1 }, { b: 2 }]);
});

test("reads any JSON as JSON.parse does", () => {
  fc.assert(
    fc.property(
      fc.jsonValue().filter((value) => value !== null),
      fc.constantFrom(undefined, 2, "\t"),
      (value, indent) => {
        const text = JSON.stringify(value, undefined, indent);
        assert.deepEqual(parseDocuments(text, "-"), [JSON.parse(text)]);
      },
    ),
  );
});

test("whatever the text, only InvalidSpec comes out", () => {
  const piece = fc.oneof(
    fc.string({ maxLength: 5 }),
    fc.constantFrom(
      "a",
      ": ",
      "\n",
      "- ",
      "{",
      "}",
      "[",
      "]",
      "'",
      '"',
      "&x ",
      "*x ",
      "!!set ",
      "%",
      "---\n",
      "  ",
      "\t",
      "#",
      "? ",
      "<<",
      "|",
      ">",
    ),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      try {
        parseDocuments(pieces.join(""), "-");
      } catch (error) {
        assert.ok(error instanceof InvalidSpec, String(error));
      }
    }),
    { numRuns: 1_000 },
  );
});

test("an error has its source, line and column", () => {
  const error = failure("name: web\nparams: [1, 2\nenv: {}\n");
  assert.match(error.details[0]?.path ?? "", /^stack\.yaml:[23]:\d+$/);
});

test("a key given twice is an error, in JSON too", () => {
  assert.equal(failure("a: 1\nb: 2\na: 3\n").details[0]?.path, "stack.yaml:3:1");
  assert.equal(failure('{"a": 1, "a": 2}').details[0]?.path, "stack.yaml:1:10");
});

test("nothing at all is an error", () => {
  for (const text of ["", "  \n", "# nothing\n", "---\n---\n", "null"]) {
    const { message, details } = failure(text);
    assert.equal(message, "the spec cannot be read");
    assert.deepEqual(details, [{ path: "stack.yaml", message: "is empty" }]);
  }
});

test("tags, keys that are no text, and types beyond JSON's are refused or plain text", () => {
  failure("a: !env HOME");
  failure("a: !!binary aGk=");
  failure("? [1, 2]\n: 3");
  const text = "%YAML 1.1\n---\na: yes\nb: 2020-01-01\n";
  assert.deepEqual(parseDocuments(text, "-"), [{ a: "yes", b: "2020-01-01" }]);
  assert.deepEqual(parseDocuments("<<: { a: 1 }", "-"), [{ "<<": { a: 1 } }]);
});

test("an alias is followed, one of nothing is an error", () => {
  assert.deepEqual(parseDocuments("a: &x [1]\nb: *x", "-"), [{ a: [1], b: [1] }]);
  assert.match(whyOf("a: *nothing"), /nothing/);
});

test("few lines do not become gigabytes", () => {
  let text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
  for (let i = 1; i < 12; i++)
    text += `a${i}: &a${i} [${Array(9)
      .fill(`*a${i - 1}`)
      .join(", ")}]\n`;
  failure(text);
});

test("nesting that would exhaust the stack is refused before it does", () => {
  for (const text of [
    "[".repeat(50_000),
    "[".repeat(50_000) + "]".repeat(50_000),
    "{a: ".repeat(20_000),
    `${"- ".repeat(20_000)}a`,
    `${"? ".repeat(20_000)}a`,
  ]) {
    assert.match(whyOf(text), /nested too deeply/);
  }
});

test("too many documents, or too long a text, are refused", () => {
  assert.match(whyOf("a: 1\n---\n".repeat(1_100)), /1000 documents/);
  assert.match(whyOf("a".repeat(9 * 1024 * 1024)), /longer/);
});

test("a key named __proto__ changes no prototype", () => {
  const [document] = parseDocuments('{ "__proto__": { "polluted": 1 } }', "-");
  assert.deepEqual(Object.keys(Object(document)), ["__proto__"]);
  assert.equal(Reflect.get({}, "polluted"), undefined);
});
