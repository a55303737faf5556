/**
 * Keys on their way between nodes, encrypted although the connection is too: messages of actors can be
 * traced by whoever may look at a node, and must not show them. Whoever holds any key of the sender's
 * can open the seal: AES-256-GCM under a key of its own, which is wrapped once for each live key.
 */
import { createCipheriv, createDecipheriv, hkdfSync } from "node:crypto";
import type { Random } from "../core/env.ts";
import { type KeyRotation, liveKeys } from "./key-rotation.ts";
import { formatKeys, keyTextBytesMax, type NetworkKeys, parseKeys } from "./key-text.ts";
import { Secret } from "./secret.ts";

/** As actors send it: plain data. */
export interface SealedKeys {
  /** What is sealed, and its authentication tag: base64. */
  readonly body: string;
  /** The key that opens `body`, for each live key of the sender: which one, and in base64. */
  readonly wraps: readonly { readonly for: string; readonly wrapped: string }[];
}

const algorithm = "aes-256-gcm";
const tagBytes = 16;
const contentKeyBytes = 32;
/** A key encrypts once, so its nonce may be the same for all. */
const nonce = new Uint8Array(12);

export function sealKeys(keys: NetworkKeys, random: Random): SealedKeys {
  const content = Secret.random(random, contentKeyBytes);
  const body = encrypt(content, Buffer.from(formatKeys(keys)), keys.network);
  const wraps = liveKeys(keys.ring).map(({ id, secret }) => {
    const salt = Secret.random(random, contentKeyBytes).reveal();
    const wrapped = encrypt(wrapping(secret, salt), content.reveal(), keys.network);
    return { for: id, wrapped: Buffer.concat([salt, wrapped]).toString("base64") };
  });
  return { body: body.toString("base64"), wraps };
}

/**
 * Undefined when none of the own keys opens it, it was altered, or it is another network's.
 */
export function openKeys(sealed: SealedKeys, own: NetworkKeys): NetworkKeys | undefined {
  for (const { for: id, wrapped } of sealed.wraps) {
    const content = unwrap(own.ring, id, Buffer.from(wrapped, "base64"), own.network);
    const text =
      content && decrypt(content, Buffer.from(sealed.body, "base64"), own.network)?.toString();
    if (text === undefined) continue;
    const keys = parseKeys(text);
    if (keys?.network === own.network) return keys;
  }
  return undefined;
}

/** Longest that `body` may be in a message. */
export const sealedBodyMax = Math.ceil((keyTextBytesMax + tagBytes) / 3) * 4;
/** Longest that a wrap is. */
export const wrapMax = Math.ceil((2 * contentKeyBytes + tagBytes) / 3) * 4;

function unwrap(
  ring: KeyRotation,
  id: string,
  wrapped: Buffer,
  network: string,
): Secret | undefined {
  const key = ring.get(id);
  if (key === undefined || key.isRemoved) return undefined;
  const salt = wrapped.subarray(0, contentKeyBytes);
  const content = decrypt(wrapping(key.secret, salt), wrapped.subarray(contentKeyBytes), network);
  return content?.length === contentKeyBytes ? new Secret(content) : undefined;
}

function wrapping(secret: Secret, salt: Uint8Array): Secret {
  const derived = hkdfSync("sha256", secret.reveal(), salt, "mob/sealed keys", contentKeyBytes);
  return new Secret(new Uint8Array(derived));
}

function encrypt(key: Secret, bytes: Uint8Array, network: string): Buffer {
  const cipher = createCipheriv(algorithm, key.reveal(), nonce);
  cipher.setAAD(Buffer.from(network));
  return Buffer.concat([cipher.update(bytes), cipher.final(), cipher.getAuthTag()]);
}

function decrypt(key: Secret, bytes: Buffer, network: string): Buffer | undefined {
  if (bytes.length < tagBytes) return undefined;
  const end = bytes.length - tagBytes;
  const decipher = createDecipheriv(algorithm, key.reveal(), nonce, { authTagLength: tagBytes });
  decipher.setAAD(Buffer.from(network));
  decipher.setAuthTag(bytes.subarray(end));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(0, end)), decipher.final()]);
  } catch {
    return undefined; // Not what was sealed under this key.
  }
}
