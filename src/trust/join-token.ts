/**
 * What lets another machine join: whom to ask, how to know it, and a secret that is good once. It
 * carries no key of the network; whoever reads it after its use has nothing. One word, so that it
 * survives being pasted; a checksum tells a slip from a refusal.
 */
import { parseAddress } from "../core/address.ts";
import { BadRequest, messageOf } from "../core/errors.ts";
import { digest, Secret } from "./secret.ts";

export interface JoinToken {
  /** `host:port` of the node that issued it, and redeems it. */
  readonly address: string;
  /** SHA-256 of that node's public key (SPKI): 64 hex digits. */
  readonly pin: string;
  readonly secret: Secret;
  /** Wall clock of the issuer, ms; whole seconds. */
  readonly expiresAtMs: number;
  /** Tells the network from others without naming it: 16 hex digits. */
  readonly tag: string;
}

export const tokenSecretBytes = 16;
const prefix = "mobjoin1_";
const tagBytes = 8;
const pinBytes = 32;
const expiryBytes = 4;
const checksumBytes = 4;
const headBytes = tagBytes + pinBytes + tokenSecretBytes + expiryBytes;
/** Longest token: with the longest name of a host. */
const tokenCharsMax = 600;

/** Of the network of that id. */
export function networkTag(network: string): string {
  return digest("network tag", Buffer.from(network)).toString("hex", 0, tagBytes);
}

export function formatJoinToken(token: JoinToken): string {
  const expiry = Buffer.alloc(expiryBytes);
  expiry.writeUInt32BE(Math.floor(token.expiresAtMs / 1_000));
  const body = Buffer.concat([
    Buffer.from(token.tag, "hex"),
    Buffer.from(token.pin, "hex"),
    token.secret.reveal(),
    expiry,
    Buffer.from(token.address),
  ]);
  return prefix + Buffer.concat([body, checksum(body)]).toString("base64url");
}

/** @throws BadRequest, which does not quote the token: it may be good but for a slip. */
export function parseJoinToken(text: string): JoinToken {
  const encoded = text.trim();
  if (!encoded.startsWith(prefix)) {
    throw new BadRequest(`this is no join token: one begins with ${prefix}`);
  }
  const bytes = decode(encoded.slice(prefix.length));
  const body = bytes.subarray(0, -checksumBytes);
  if (body.length <= headBytes || !checksum(body).equals(bytes.subarray(-checksumBytes))) {
    throw new BadRequest("the join token is damaged: was all of it copied, and nothing else?");
  }
  const pinAt = tagBytes;
  const secretAt = pinAt + pinBytes;
  const expiryAt = secretAt + tokenSecretBytes;
  const tag = body.toString("hex", 0, pinAt);
  const pin = body.toString("hex", pinAt, secretAt);
  const secret = new Secret(body.subarray(secretAt, expiryAt));
  const expiresAtMs = body.readUInt32BE(expiryAt) * 1_000;
  const address = body.toString("utf8", headBytes);
  try {
    parseAddress(address);
  } catch (cause) {
    throw new BadRequest(`the join token is damaged: ${messageOf(cause)}`, { cause });
  }
  return { address, pin, secret, expiresAtMs, tag };
}

function decode(encoded: string): Buffer {
  const isWhole = encoded.length <= tokenCharsMax && /^[\w-]*$/.test(encoded);
  return isWhole ? Buffer.from(encoded, "base64url") : Buffer.alloc(0);
}

function checksum(body: Uint8Array): Buffer {
  return digest("join token", body).subarray(0, checksumBytes);
}
