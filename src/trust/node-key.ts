/**
 * A node's key pair: who holds it is that node, since the node's id is the hash of its public key. It
 * lies in the data folder with the certificate that TLS shows others. The curve is P-256, the one that
 * every TLS client knows, browsers included.
 */
import {
  createHash,
  createPrivateKey,
  generateKeyPairSync,
  type KeyObject,
  X509Certificate,
} from "node:crypto";
import { messageOf } from "../core/errors.ts";
import { asNodeId, type NodeId } from "../core/ids.ts";
import { UnusableKey } from "./errors.ts";
import { createSecret, readSecret } from "./secret-file.ts";

/** Both texts are PEM. */
export interface NodeKey {
  readonly id: NodeId;
  readonly privateKey: string;
  readonly certificate: string;
}

/** What a public key is recognised by: SHA-256 of its SPKI, as 64 hex digits. */
export function pinOfKey(publicKey: KeyObject): string {
  const spki = publicKey.export({ type: "spki", format: "der" });
  return createHash("sha256").update(spki).digest("hex");
}

/** The id of the node that has this public key: the first half of its pin. */
export function nodeIdOf(publicKey: KeyObject): NodeId {
  return asNodeId(pinOfKey(publicKey).slice(0, 32));
}

/** The pin of the key that a node's certificate shows. */
export function pinOf({ certificate }: NodeKey): string {
  return pinOfKey(new X509Certificate(certificate).publicKey);
}

/** A new one, kept nowhere. */
export async function createNodeKey(): Promise<NodeKey> {
  const { selfSignedCertificate } = await import("./certificate.ts");
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const certificate = new X509Certificate(selfSignedCertificate(privateKey, publicKey));
  return {
    id: nodeIdOf(publicKey),
    privateKey: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    certificate: certificate.toString(),
  };
}

/**
 * The key kept in `file`; a new one, durable, where there is none.
 * @throws UnusableKey
 */
export async function openNodeKey(file: string): Promise<NodeKey> {
  const kept = readSecret(file);
  if (kept !== undefined) return parse(file, kept);
  const made = await createNodeKey();
  if (createSecret(file, made.privateKey + made.certificate)) return made;
  return openNodeKey(file); // Another process was first.
}

function parse(file: string, text: string): NodeKey {
  const privateKey = block(text, "PRIVATE KEY");
  const certificate = block(text, "CERTIFICATE");
  if (privateKey === undefined || certificate === undefined) {
    throw new UnusableKey(`${file} does not hold a private key and its certificate`);
  }
  try {
    const shown = new X509Certificate(certificate);
    if (!shown.checkPrivateKey(createPrivateKey(privateKey))) {
      throw new UnusableKey(`${file} holds a certificate of another key`);
    }
    return { id: nodeIdOf(shown.publicKey), privateKey, certificate };
  } catch (cause) {
    if (cause instanceof UnusableKey) throw cause;
    throw new UnusableKey(`${file} cannot be read: ${messageOf(cause)}`, { cause });
  }
}

function block(text: string, label: string): string | undefined {
  return new RegExp(`-----BEGIN ${label}-----[^-]+-----END ${label}-----\n`).exec(text)?.[0];
}
