/**
 * Tokens for the API over TCP: `mobapi1.ID.SECRET.PIN`. The secret (32 random bytes) is known to its
 * holder alone: the network keeps a hash of it, the verifier, from which it cannot be had. The pin is
 * the hash of the public key of the node that made the token, so that its holder knows a node before
 * anything secret is sent; any other node of the network proves itself by the verifier, over the very
 * channel that is used (docs/design/0006).
 */
import { createHash, createHmac, randomBytes, timingSafeEqual, X509Certificate } from "node:crypto";
import type { NodeKey } from "./node-key.ts";

export interface ApiToken {
  /** 16 hex digits, no secret: what the network finds the token by. */
  readonly id: string;
  /** 32 bytes, in base64url. */
  readonly secret: string;
  /** SHA-256 of a node's public key (its SPKI), in base64url. */
  readonly pin: string;
}

/** Label under which both ends of a TLS connection derive what a proof is over (RFC 8446, section 7.5). */
export const proofLabel = "EXPORTER-mob-api";
/** Bytes of keying material that a proof is over. */
export const proofMaterialBytes = 32;

const form = /^mobapi1\.([0-9a-f]{16})\.([A-Za-z0-9_-]{43})\.([A-Za-z0-9_-]{43})$/;

/** A new token; `pin` as in `ApiToken`. */
export function newApiToken(pin: string): ApiToken {
  const secret = randomBytes(32).toString("base64url");
  return { id: randomBytes(8).toString("hex"), secret, pin };
}

/** The text that its holder is given; `parseApiToken` reads it back. */
export function formatApiToken({ id, secret, pin }: ApiToken): string {
  return `mobapi1.${id}.${secret}.${pin}`;
}

/** Undefined when `text` is no token. */
export function parseApiToken(text: string): ApiToken | undefined {
  const [, id, secret, pin] = form.exec(text) ?? [];
  if (id === undefined || secret === undefined || pin === undefined) return undefined;
  return { id, secret, pin };
}

/** What the network keeps of a token: 64 hex digits. Of 256 random bits no slow hash is needed. */
export function verifierOf({ id, secret }: ApiToken): string {
  return createHash("sha256").update(`mob api token 1\n${id}\n${secret}`).digest("hex");
}

/** Whether `token` is the one that `verifier` was made of. Takes as long whatever it differs in. */
export function isVerified(token: ApiToken, verifier: string): boolean {
  return sameText(verifierOf(token), verifier);
}

/**
 * What a node shows to one who holds a token: that it knows the token's verifier, as the nodes of the
 * token's network alone do, and that no one stands between the two, since `material` is what the two
 * ends of one TLS connection share. In base64url.
 */
export function proofOf(verifier: string, material: Uint8Array): string {
  return createHmac("sha256", verifier)
    .update("mob api proof 1\n")
    .update(material)
    .digest("base64url");
}

/** Whether `proof` is what a node that knows this token would show on this connection. */
export function isProof(token: ApiToken, material: Uint8Array, proof: string): boolean {
  return sameText(proofOf(verifierOf(token), material), proof);
}

/** The pin of a public key, given as its SPKI in DER. */
export function pinOf(spki: Uint8Array): string {
  return createHash("sha256").update(spki).digest("base64url");
}

/** The same of a node's certificate. */
export function pinOfNode({ certificate }: Pick<NodeKey, "certificate">): string {
  return pinOf(new X509Certificate(certificate).publicKey.export({ type: "spki", format: "der" }));
}

function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
