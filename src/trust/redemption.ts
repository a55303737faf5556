/**
 * What is said when a join token is redeemed: one request of a fixed length, one answer to its end, over
 * a TLS channel on which the issuer has shown its key. The request is all that a stranger can send, and
 * there is nothing in it to parse.
 */
import type { MobError } from "../core/errors.ts";
import { TokenRefused } from "./errors.ts";
import { type JoinToken, networkTag, tokenSecretBytes } from "./join-token.ts";
import { formatKeys, keyTextBytesMax, type NetworkKeys, parseKeys } from "./key-text.ts";
import { Secret } from "./secret.ts";
import type { Redemption, TokenRefusal } from "./token-desk.ts";

/** The form of what follows. A later form has another number, and another length if need be. */
const form = 1;
export const joinRequestBytes = 1 + tokenSecretBytes;
const refusalBytesMax = 1_024;
export const joinAnswerBytesMax = refusalBytesMax + keyTextBytesMax;

export function formatJoinRequest(secret: Secret): Uint8Array {
  return Uint8Array.of(form, ...secret.reveal());
}

/** Undefined when it is no request. */
export function parseJoinRequest(bytes: Uint8Array): Secret | undefined {
  if (bytes.length !== joinRequestBytes || bytes[0] !== form) return undefined;
  return new Secret(bytes.subarray(1));
}

/** `keys`: those of the network, which go to no one but who brought a good token. */
export function formatJoinAnswer(redemption: Redemption, keys: NetworkKeys): string {
  if (redemption.kind === "granted") return `granted\n${formatKeys(keys)}`;
  return `refused\n${JSON.stringify(redemption)}\n`;
}

/**
 * The keys that `token` was redeemed for.
 * @throws TokenRefused saying why, and what to do.
 */
export function readJoinAnswer(answer: string, token: JoinToken): NetworkKeys {
  const [verdict, ...rest] = answer.split("\n");
  const body = rest.join("\n");
  if (verdict === "granted") {
    const keys = parseKeys(body);
    if (keys !== undefined && networkTag(keys.network) === token.tag) return keys;
  }
  const refusal = verdict === "refused" ? parseRefusal(body) : undefined;
  if (refusal !== undefined) throw refused(refusal, token.address);
  throw new TokenRefused(
    `the node at ${token.address} gave an answer that cannot be read: is it of a later version?`,
  );
}

function refused(refusal: TokenRefusal, address: string): MobError {
  const anew = `make a new one there, with \`mob token join\``;
  const at = "atMs" in refusal ? new Date(refusal.atMs).toISOString() : "";
  switch (refusal.kind) {
    case "unknown":
      return new TokenRefused(
        `the node at ${address} does not know this token: it issued it before its last start, or long ago; ${anew}`,
      );
    case "too-many":
      return new TokenRefused(
        `the node at ${address} has had too many bad tokens from here: wait a minute and try again`,
      );
    case "expired":
      return new TokenRefused(`this token ended at ${at}: ${anew}`);
    case "used":
      return new TokenRefused(
        `this token was used at ${at} by node ${refusal.by}, and is good once. If that was not you, ` +
          "someone else has joined the network: see docs/security.md, “A join token has leaked”",
      );
  }
}

function parseRefusal(text: string): TokenRefusal | undefined {
  const value: unknown = text.length <= refusalBytesMax ? parseJson(text) : undefined;
  if (typeof value !== "object" || value === null || !("kind" in value)) return undefined;
  const atMs = "atMs" in value && isTime(value.atMs) ? value.atMs : undefined;
  switch (value.kind) {
    case "unknown":
    case "too-many":
      return { kind: value.kind };
    case "expired":
      return atMs === undefined ? undefined : { kind: "expired", atMs };
    case "used": {
      const by = "by" in value && typeof value.by === "string" ? value.by : "";
      const isNode = /^[0-9a-f]{32}$/.test(by);
      return atMs === undefined || !isNode ? undefined : { kind: "used", atMs, by };
    }
    default:
      return undefined;
  }
}

/** What a Date can be made of. */
function isTime(value: unknown): value is number {
  return typeof value === "number" && Math.abs(value) <= 8.64e15;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
