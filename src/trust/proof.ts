/**
 * The proof that one has the network's key, good for one connection, one side of it and one node:
 * an HMAC over keying material of the TLS session (RFC 8446, section 7.5), which a man in the middle,
 * who has two sessions, does not share between them; nor does anyone who replays it later.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import type { NodeId } from "../core/ids.ts";
import type { KeyRing, RingKey } from "./key-ring.ts";

/** What is proven: this node, on this side of this very connection, has the key. */
export interface ProofClaim {
  /** 32 bytes that both ends of the connection have, and no one else. */
  readonly keyingMaterial: Uint8Array;
  readonly role: "dialer" | "acceptor";
  readonly node: NodeId;
}

/** Proves with the ring's current key; 64 hex digits. */
export function prove(ring: KeyRing, claim: ProofClaim): string {
  return macOf(ring.current().secret, claim).toString("hex");
}

/** The same with each other key that the ring accepts: the other side may not have the current one yet. */
export function proveMore(ring: KeyRing, claim: ProofClaim): readonly string[] {
  const [, ...others] = ring.accepted();
  return others.map(({ secret }) => macOf(secret, claim).toString("hex"));
}

/** Whether `proof` was made of this claim with a key that the ring accepts. */
export function isProven(ring: KeyRing, claim: ProofClaim, proof: string): boolean {
  return ring.accepted().some((key) => isProvenWith(key, claim, proof));
}

/**
 * Proves `own` with the newest of the ring's keys with which the other side has proven its `claim`, and
 * which it so has too; undefined when there is none.
 */
export function answerProof(
  ring: KeyRing,
  claim: ProofClaim,
  proofs: readonly string[],
  own: ProofClaim,
): string | undefined {
  const shared = ring
    .accepted()
    .find((key) => proofs.some((proof) => isProvenWith(key, claim, proof)));
  return shared && macOf(shared.secret, own).toString("hex");
}

function isProvenWith({ secret }: RingKey, claim: ProofClaim, proof: string): boolean {
  const given = Buffer.from(proof, "hex");
  const expected = macOf(secret, claim);
  return given.length === expected.length && timingSafeEqual(given, expected);
}

function macOf(secret: Uint8Array, { keyingMaterial, role, node }: ProofClaim): Buffer {
  return createHmac("sha256", secret)
    .update(`mob/1 ${role} ${node} `)
    .update(keyingMaterial)
    .digest();
}
