import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { messageLimits, shownData } from "../../../src/actors/shown-data.ts";

const show = (value: unknown) => shownData(value, messageLimits);

test("plain data is shown as it is", () => {
  const message = { action: "stop", names: ["web"], at: 1.5, wanted: true, none: null };
  assert.deepEqual(show(message), message);
});

test("the environment of a task shows its names and no value", () => {
  const spec = { name: "web", env: { PASSWORD: "hunter2", MODE: "production" } };
  const hidden = { PASSWORD: "(secret)", MODE: "(secret)" };
  assert.deepEqual(show({ document: spec }), { document: { name: "web", env: hidden } });
});

test("tokens, passwords and keys are hidden wherever they stand; names of records are not", () => {
  const key = "ab".repeat(32);
  assert.deepEqual(show({ token: "t", peers: [{ networkKey: key, key }], password: 1 }), {
    token: "(secret)",
    peers: [{ networkKey: "(secret)", key: "(secret)" }],
    password: "(secret)",
  });
  assert.deepEqual(show({ key: "status/web/0123456789abcdef" }), {
    key: "status/web/0123456789abcdef",
  });
});

test("a token is hidden in any text, and what a token is proven by under its name", () => {
  const error = new Error("bad token mobapi1.0123456789abcdef.c2VjcmV0.cGlu here");
  assert.deepEqual(
    show({ body: '{"join":"mobjoin1_abc-DEF"}', error, verifier: "x", moreProofs: ["y"] }),
    {
      body: '{"join":"(secret)"}',
      error: "Error: bad token (secret) here",
      verifier: "(secret)",
      moreProofs: "(secret)",
    },
  );
});

test("bytes, maps, sets, errors and functions are told in a few words", () => {
  const value = {
    bytes: new Uint8Array(32),
    map: new Map([["a", 1]]),
    set: new Set([1, 2]),
    error: new RangeError("too far"),
    run() {},
  };
  assert.deepEqual(show(value), {
    bytes: "(32 bytes)",
    map: { a: 1 },
    set: [1, 2],
    error: "RangeError: too far",
    run: "(function)",
  });
});

test("a value that holds itself ends at the depth", () => {
  const value: { self?: unknown } = {};
  value.self = value;
  assert.match(JSON.stringify(show(value)), /…/);
});

test("whatever the value, what is shown is JSON, and bounded", () => {
  fc.assert(
    fc.property(fc.anything({ withBigInt: true, withMap: true, withTypedArray: true }), (value) => {
      const text = JSON.stringify(show(value)) ?? "";
      // Six characters at most for one (an escape), and the words for what is cut or hidden.
      assert.ok(text.length <= 6 * messageLimits.charsMax + 40 * messageLimits.valuesMax);
    }),
  );
  const long = Array.from({ length: 100_000 }, (_, i) => `item ${i}`);
  assert.ok(JSON.stringify(show(long)).length < 5_000);
  assert.ok(JSON.stringify(show("x".repeat(1_000_000))).length < 3_000);
});
