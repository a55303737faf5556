import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { BadRequest } from "../../../src/core/errors.ts";
import {
  formatJoinToken,
  type JoinToken,
  networkTag,
  parseJoinToken,
  tokenSecretBytes,
} from "../../../src/trust/join-token.ts";
import { Secret } from "../../../src/trust/secret.ts";
import { network } from "./rings.ts";

const tokens = fc.record({
  address: fc.constantFrom("10.0.0.1:6666", "box.example:1", "[fe80::1%eth0]:65535"),
  pin: fc.stringMatching(/^[0-9a-f]{64}$/),
  secret: fc
    .uint8Array({ minLength: tokenSecretBytes, maxLength: tokenSecretBytes })
    .map((bytes) => new Secret(bytes)),
  expiresAtMs: fc.nat(2 ** 31).map((seconds) => seconds * 1_000),
  tag: fc.constant(networkTag(network)),
});

function plain({ secret, ...rest }: JoinToken) {
  return { ...rest, secret: Buffer.from(secret.reveal()).toString("hex") };
}

test("a token is read back as it was written, in one word without the network's id", () => {
  fc.assert(
    fc.property(tokens, (token) => {
      const text = formatJoinToken(token);
      assert.match(text, /^[\w-]{100,400}$/);
      assert.ok(!text.includes(Buffer.from(network, "hex").toString("base64url").slice(0, 20)));
      assert.deepEqual(plain(parseJoinToken(` ${text}\n`)), plain(token));
    }),
  );
});

test("a token with any character changed, missing or added is told as damaged, and not quoted", () => {
  fc.assert(
    fc.property(tokens, fc.nat(), fc.constantFrom("change", "cut", "add"), (token, n, how) => {
      const text = formatJoinToken(token);
      const at = n % text.length;
      const other = text[at] === "A" ? "B" : "A";
      const kept = how === "add" ? at : at + 1;
      const altered = text.slice(0, at) + (how === "cut" ? "" : other) + text.slice(kept);
      fc.pre(decoded(altered) !== decoded(text)); // Bits that base64 does not use.
      assert.throws(
        () => parseJoinToken(altered),
        (error) => error instanceof BadRequest && !error.message.includes(text.slice(20)),
      );
    }),
  );
});

test("any other text is no token", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      assert.throws(() => parseJoinToken(text), BadRequest);
      assert.throws(() => parseJoinToken(`mobjoin1_${text}`), BadRequest);
    }),
  );
});

function decoded(text: string): string {
  return text.slice(0, 9) + Buffer.from(text.slice(9), "base64url").toString("hex");
}
