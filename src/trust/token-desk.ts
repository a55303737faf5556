/**
 * Issues join tokens and judges who brings one. Pure: `step(state, event, now)`. A node keeps this in
 * memory alone: no secret of a token is on any disk, only its hash is kept, and a restart of the node
 * revokes every token that it issued.
 */
import { digest, type Secret } from "./secret.ts";

/** Tokens that are neither used nor expired; more are refused. */
export const openTokensMax = 100;
/** How long a token is known after its end, so that who brings it late is told why it fails. */
const rememberedMs = 24 * 60 * 60_000;
/** Failed attempts within a minute: from one address, and from all. Secrets of 128 bits need no more. */
export const attemptLimits = { perSource: 10, altogether: 200, withinMs: 60_000 } as const;

interface Issued {
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
  /** When and by whom it was used. */
  readonly used?: { readonly atMs: number; readonly by: string };
}

/** Owned by whoever steps it and changed in place. */
export interface TokenDesk {
  /** By the hash of a token's secret. */
  readonly issued: Map<string, Issued>;
  /** Times of the failed attempts of the last minute, by the address they came from. */
  readonly failures: Map<string, number[]>;
}

/** Why a token is not taken. `unknown` is all that is told to who does not hold a real one. */
export type TokenRefusal =
  | { readonly kind: "unknown" }
  | { readonly kind: "too-many" }
  | { readonly kind: "expired"; readonly atMs: number }
  | { readonly kind: "used"; readonly atMs: number; readonly by: string };

export type Redemption = { readonly kind: "granted" } | TokenRefusal;

export function openTokenDesk(): TokenDesk {
  return { issued: new Map(), failures: new Map() };
}

/** Whether there was room for one more. `nowMs`: wall clock, as in tokens. */
export function issueToken(
  desk: TokenDesk,
  secret: Secret,
  expiresAtMs: number,
  nowMs: number,
): boolean {
  forgetOld(desk, nowMs);
  const open = [...desk.issued.values()].filter((token) => isOpen(token, nowMs));
  if (open.length >= openTokensMax) return false;
  desk.issued.set(hashOf(secret), { issuedAtMs: nowMs, expiresAtMs });
  return true;
}

/**
 * Judges one attempt; a token that is granted is used from then on. `source`: the address that asks,
 * `by`: who, for the record.
 */
export function redeemToken(
  desk: TokenDesk,
  secret: Secret,
  { source, by }: { readonly source: string; readonly by: string },
  nowMs: number,
): Redemption {
  forgetOld(desk, nowMs);
  if (hasFailedTooOften(desk, source)) return { kind: "too-many" };
  const hash = hashOf(secret);
  const token = desk.issued.get(hash);
  const verdict = judge(token, nowMs);
  if (verdict.kind === "granted" && token !== undefined) {
    desk.issued.set(hash, { ...token, used: { atMs: nowMs, by } });
  } else {
    const before = desk.failures.get(source) ?? [];
    desk.failures.set(source, [...before, nowMs]);
  }
  return verdict;
}

function judge(token: Issued | undefined, nowMs: number): Redemption {
  if (token === undefined) return { kind: "unknown" };
  if (token.used !== undefined) return { kind: "used", ...token.used };
  // A clock that was set back must not bring a token back to life.
  if (nowMs >= token.expiresAtMs || nowMs < token.issuedAtMs) {
    return { kind: "expired", atMs: token.expiresAtMs };
  }
  return { kind: "granted" };
}

function isOpen(token: Issued, nowMs: number): boolean {
  return judge(token, nowMs).kind === "granted";
}

function hasFailedTooOften({ failures }: TokenDesk, source: string): boolean {
  const altogether = [...failures.values()].reduce((sum, times) => sum + times.length, 0);
  const own = failures.get(source)?.length ?? 0;
  return own >= attemptLimits.perSource || altogether >= attemptLimits.altogether;
}

function forgetOld({ issued, failures }: TokenDesk, nowMs: number): void {
  for (const [hash, { expiresAtMs }] of issued) {
    if (nowMs - expiresAtMs > rememberedMs) issued.delete(hash);
  }
  for (const [source, times] of failures) {
    const recent = times.filter((atMs) => Math.abs(nowMs - atMs) < attemptLimits.withinMs);
    if (recent.length === 0) failures.delete(source);
    else failures.set(source, recent);
  }
}

function hashOf(secret: Secret): string {
  return digest("join secret", secret.reveal()).toString("hex");
}
