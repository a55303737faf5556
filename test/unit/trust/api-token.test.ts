import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import {
  formatApiToken,
  isProof,
  isVerified,
  newApiToken,
  parseApiToken,
  pinOf,
  proofOf,
  verifierOf,
} from "../../../src/trust/api-token.ts";
import { includesRole, roles } from "../../../src/trust/role.ts";

const pin = pinOf(Buffer.from("a public key"));

test("a token's text is read back, and its verifier knows it", () => {
  const token = newApiToken(pin);
  const read = parseApiToken(formatApiToken(token));
  assert.deepEqual(read, token);
  assert.ok(isVerified(token, verifierOf(token)));
});

test("no two tokens share a secret or an id, and a verifier holds no secret", () => {
  const [a, b] = [newApiToken(pin), newApiToken(pin)];
  assert.notEqual(a.secret, b.secret);
  assert.notEqual(a.id, b.id);
  assert.ok(!verifierOf(a).includes(a.secret));
});

test("a token altered in any one character is no token, or is not verified", () => {
  const token = newApiToken(pin);
  const text = formatApiToken(token);
  const secretEnds = text.lastIndexOf(".");
  const verifier = verifierOf(token);
  fc.assert(
    fc.property(
      fc.nat(secretEnds - 1),
      fc.string({ minLength: 1, maxLength: 1, unit: "grapheme" }),
      (at, other) => {
        fc.pre(text[at] !== other);
        const altered = parseApiToken(text.slice(0, at) + other + text.slice(at + 1));
        assert.ok(altered === undefined || !isVerified(altered, verifier));
      },
    ),
  );
});

test("text that is no token is none, whatever it is", () => {
  fc.assert(fc.property(fc.string(), (text) => parseApiToken(text) === undefined));
  const text = formatApiToken(newApiToken(pin));
  for (const wrong of [
    ` ${text}`,
    `${text}\n`,
    text.slice(0, -1),
    `${text}x`,
    text.toUpperCase(),
  ]) {
    assert.equal(parseApiToken(wrong), undefined);
  }
});

test("a proof is of one token and one connection", () => {
  const [token, other] = [newApiToken(pin), newApiToken(pin)];
  const [material, elsewhere] = [randomBytes(32), randomBytes(32)];
  const proof = proofOf(verifierOf(token), material);
  assert.ok(isProof(token, material, proof));
  assert.ok(!isProof(other, material, proof));
  assert.ok(!isProof(token, elsewhere, proof), "a man in the middle has two connections");
  assert.ok(!isProof(token, material, ""));
});

test("a role includes those before it", () => {
  const held = roles.map((role) => roles.filter((needed) => includesRole(role, needed)));
  assert.deepEqual(held, [["read"], ["read", "deploy"], ["read", "deploy", "admin"]]);
});
