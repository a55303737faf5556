import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { asNodeId } from "../../../src/core/ids.ts";
import { type KeyRing, singleKeyRing } from "../../../src/trust/key-ring.ts";
import { isProven, type ProofClaim, prove } from "../../../src/trust/proof.ts";

const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 });
const claims: fc.Arbitrary<ProofClaim> = fc.record({
  keyingMaterial: bytes32,
  role: fc.constantFrom("dialer", "acceptor"),
  node: fc.stringMatching(/^[0-9a-f]{32}$/).map(asNodeId),
});
const ringOf = (secret: Uint8Array): KeyRing => singleKeyRing({ network: "n", secret });

test("a proof holds for its own claim, and for no other and no other key", () => {
  fc.assert(
    fc.property(claims, claims, bytes32, bytes32, (claim, other, secret, otherSecret) => {
      const ring = ringOf(secret);
      const proof = prove(ring, claim);
      assert.ok(isProven(ring, claim, proof));
      assert.equal(
        isProven(ring, { ...claim, keyingMaterial: other.keyingMaterial }, proof),
        equal(claim.keyingMaterial, other.keyingMaterial),
      );
      assert.equal(
        isProven(ring, { ...claim, node: other.node }, proof),
        claim.node === other.node,
      );
      assert.equal(
        isProven(ring, { ...claim, role: other.role }, proof),
        claim.role === other.role,
      );
      assert.equal(isProven(ringOf(otherSecret), claim, proof), equal(secret, otherSecret));
    }),
  );
});

test("any key that the ring accepts will do, and what is no proof at all is none", () => {
  const [old, current] = [new Uint8Array(32), new Uint8Array(32).fill(1)];
  const claim = {
    keyingMaterial: new Uint8Array(32),
    role: "dialer",
    node: asNodeId("a"),
  } as const;
  const keys = [old, current].map((secret, at) => ({ revision: at + 1, secret }));
  const ring: KeyRing = {
    network: "n",
    current: () => ({ revision: 2, secret: current }),
    accepted: () => keys,
  };
  assert.ok(isProven(ring, claim, prove(ringOf(old), claim)));
  assert.ok(isProven(ring, claim, prove(ring, claim)));
  for (const none of ["", "00", "zz".repeat(32), prove(ring, claim).slice(2)]) {
    assert.equal(isProven(ring, claim, none), false);
  }
});

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
