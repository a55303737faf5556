/**
 * Where this node issues join tokens and redeems them: the shell of `token-desk.ts`. Everything that
 * happens here is told to the audit log; what is told to who brings a token is in `redemption.ts`.
 */
import type { Audit } from "../core/audit.ts";
import type { Env } from "../core/env.ts";
import { BadRequest, Conflict } from "../core/errors.ts";
import type { NodeId } from "../core/ids.ts";
import type { HeldKeys } from "./held-keys.ts";
import { formatJoinToken, networkTag, tokenSecretBytes } from "./join-token.ts";
import { formatJoinAnswer, parseJoinRequest } from "./redemption.ts";
import { Secret } from "./secret.ts";
import { issueToken, openTokenDesk, openTokensMax, redeemToken } from "./token-desk.ts";

export interface JoinDeskOptions {
  readonly keys: HeldKeys;
  /** SHA-256 of this node's public key: 64 hex digits. */
  readonly pin: string;
  /** Where others reach this node: `host:port`. */
  readonly address: string;
  readonly env: Env;
  readonly audit: Audit;
}

export interface IssuedToken {
  readonly token: string;
  /** Where it is redeemed. */
  readonly address: string;
  /** Wall clock, ms. */
  readonly expiresAtMs: number;
}

/** Who brings a token: what is known of them without it. */
export interface TokenBearer {
  /** `host:port` that they came from. */
  readonly remoteAddress: string;
  /** The node whose key they have shown to hold. */
  readonly node: NodeId;
}

/** A token that no one used within a minute, or within a day, is a mistake. */
export const tokenMs = { default: 60 * 60_000, min: 60_000, max: 24 * 60 * 60_000 } as const;

export class JoinDesk {
  readonly #options: JoinDeskOptions;
  readonly #desk = openTokenDesk();

  constructor(options: JoinDeskOptions) {
    this.#options = options;
  }

  /**
   * A token for one machine. Known to this life of the node alone.
   * @throws BadRequest for a time that is too short or too long, Conflict when too many are open.
   */
  issue(forMs: number = tokenMs.default): IssuedToken {
    if (!(forMs >= tokenMs.min && forMs <= tokenMs.max)) {
      throw new BadRequest("a join token is good for 1 minute to 24 hours");
    }
    const { env, keys, pin, address } = this.#options;
    const secret = Secret.random(env.random("join-token"), tokenSecretBytes);
    const nowMs = env.clock.wall();
    const expiresAtMs = Math.floor((nowMs + forMs) / 1_000) * 1_000; // As exact as it is told.
    if (!issueToken(this.#desk, secret, expiresAtMs, nowMs)) {
      throw new Conflict(`${openTokensMax} tokens are neither used nor expired: there are no more`);
    }
    const tag = networkTag(keys.network);
    const token = formatJoinToken({ address, pin, secret, expiresAtMs, tag });
    return { token, address, expiresAtMs };
  }

  /** What `request` is answered with; undefined: with nothing, it is no request. */
  redeem(request: Uint8Array, { remoteAddress, node }: TokenBearer): string | undefined {
    const { env, keys, audit } = this.#options;
    const secret = parseJoinRequest(request);
    if (secret === undefined) return undefined;
    const who = { source: hostOf(remoteAddress), by: node };
    const verdict = redeemToken(this.#desk, secret, who, env.clock.wall());
    const isGranted = verdict.kind === "granted";
    audit.record({
      what: "redeem join token",
      outcome: isGranted ? "done" : "refused",
      who: `node ${node}`,
      how: remoteAddress,
      ...(!isGranted && { detail: `the token is ${wordFor[verdict.kind]}` }),
    });
    return formatJoinAnswer(verdict, keys.keys);
  }
}

const wordFor = {
  unknown: "none that this node has issued since its start",
  "too-many": "not looked at: too many bad ones came from there",
  expired: "expired",
  used: "used already",
} as const;

/** Ports change from try to try; an IPv4 address may be written as an IPv6 one. */
function hostOf(address: string): string {
  return address.replace(/:\d+$/, "").replace(/^\[(?:::ffff:)?([^\]]*)\]$/, "$1");
}
