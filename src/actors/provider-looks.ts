/**
 * When to look at each provider of a node again, and what the network is told of them. Pure: it is told the time,
 * and what a look has found. What has just gone is looked for often, what stays away less and less, and what is
 * there now and then; a call that failed is doubt enough to look at once.
 */
import type { Random } from "../core/env.ts";
import type { ProviderFact } from "../membership/view.ts";
import type { ProviderLook } from "../providers/provider-table.ts";
import { isSameData } from "../services/plain-data.ts";

/** Between two looks at what is there: what nobody uses is missed by then. */
export const thereMs = 60_000;
/** Before the first look for what has gone; doubled with each that is in vain. A daemon that is restarted takes so long. */
export const awayMsLeast = 1_000;
/** Longest of those waits: where an engine is not there, most looks cost no more than a file that is missing. */
export const awayMsMost = 30_000;
/**
 * Some start a process, or wait for one (a third party's, `gluster`): the waits above are longer where looks would
 * take more than one part in so many of the time,
 */
export const restPerLook = 500;
/** and at most as long as this. */
export const restMsMost = 300_000;
/** Between a look and the next for a call that failed: an engine that refuses everything must not be probed as often. */
export const doubtMsLeast = 2_000;
/** A look that takes longer has found that the engine does not answer. Above what a probe needs on a busy machine. */
export const silentMsMost = 30_000;
/**
 * Between two things told of this node: every node hears of each, and looks at all that it decides. Shorter has
 * services placed sooner where an engine comes back at once; longer bears engines that flap.
 */
export const tellMsLeast = 5_000;

/** What is known of one that was asked for. */
interface Entry {
  readonly look: ProviderLook;
  /** Wall clock, ms, at which it came to be available, or not. */
  readonly sinceMs: number;
  /** The wait before the next look if that finds it away. */
  readonly awayMs: number;
  /** When the last look ended. This, and what follows: of the monotonic clock, ms. */
  readonly lookedAtMs: number;
  /** Infinity: never. */
  readonly dueAtMs: number;
  /** Since when it is being looked at. */
  readonly lookingSinceMs: number | undefined;
  /** A call has failed while it was looked at, and may be the younger news. */
  readonly isDoubted: boolean;
}

export interface ProviderLooks {
  readonly entries: readonly Entry[];
  readonly toldAtMs: number;
}

export type LooksEvent =
  /** The time has come that the last step named. */
  | { readonly kind: "timer" }
  /** What a look that was asked for has found. */
  | { readonly kind: "found"; readonly look: ProviderLook }
  /** A call of the provider of that type failed as if its engine were away, or it has lost touch with it. */
  | { readonly kind: "doubted"; readonly type: string };

export type LooksEffect =
  | { readonly kind: "look"; readonly asked: string }
  | { readonly kind: "tell"; readonly providers: readonly ProviderFact[] };

export interface LooksStep {
  readonly looks: ProviderLooks;
  readonly effects: readonly LooksEffect[];
  /** When `timer` is due, monotonic clock, ms; Infinity: there is nothing to wait for. */
  readonly dueAtMs: number;
}

export interface LooksNow {
  readonly monoMs: number;
  readonly wallMs: number;
  /** What the node tells of its providers. */
  readonly told: readonly ProviderFact[];
  readonly random: Random;
}

/** What was found when the node started, or since, with what was told of it where this begins anew. */
export function startLooks(found: readonly ProviderLook[], now: LooksNow): ProviderLooks {
  const entries = found.map((look): Entry => {
    const { available } = look.capabilities;
    const before = now.told.find(({ type }) => type === look.type);
    const sinceMs = before?.available === available ? before.since : undefined;
    return lookedAt(look, { sinceMs: sinceMs ?? now.wallMs, awayMs: awayMsLeast, tookMs: 0 }, now);
  });
  return { entries, toldAtMs: Number.NEGATIVE_INFINITY };
}

export function stepLooks(looks: ProviderLooks, event: LooksEvent, now: LooksNow): LooksStep {
  const { monoMs } = now;
  const effects: LooksEffect[] = [];
  const entries = looks.entries
    .map((entry) => heard(entry, event, now))
    .map((entry): Entry => {
      if (entry.dueAtMs > monoMs || entry.lookingSinceMs !== undefined) return entry;
      effects.push({ kind: "look", asked: entry.look.asked });
      return { ...entry, lookingSinceMs: monoMs, isDoubted: false };
    });
  const providers = entries.map(factOf);
  const isNews = !isSameData(providers, now.told);
  const tellAtMs = looks.toldAtMs + tellMsLeast;
  const tells = isNews && monoMs >= tellAtMs;
  if (tells) effects.push({ kind: "tell", providers });
  const toldAtMs = tells ? monoMs : looks.toldAtMs;
  const tellDueAtMs = isNews && !tells ? tellAtMs : Number.POSITIVE_INFINITY;
  return {
    looks: { entries, toldAtMs },
    effects,
    dueAtMs: Math.min(tellDueAtMs, ...entries.map(dueAtMs)),
  };
}

/** What a node says of a provider. */
export function providerFact(look: ProviderLook, sinceMs: number): ProviderFact {
  const { type, capabilities } = look;
  const { available } = capabilities;
  if (!available) return { type, available, reason: capabilities.reason, since: sinceMs };
  const { version, features, lacks } = capabilities;
  return { type, available, version, features, ...(lacks && { lacks }), since: sinceMs };
}

function factOf({ look, sinceMs }: Entry): ProviderFact {
  return providerFact(look, sinceMs);
}

function heard(entry: Entry, event: LooksEvent, now: LooksNow): Entry {
  switch (event.kind) {
    case "timer":
      return isSilent(entry, now.monoMs) ? silenced(entry, now) : entry;
    case "found":
      return event.look.asked === entry.look.asked ? found(entry, event.look, now) : entry;
    case "doubted":
      return event.type === entry.look.type ? doubted(entry, now.monoMs) : entry;
  }
}

function found(entry: Entry, look: ProviderLook, now: LooksNow): Entry {
  const { available } = look.capabilities;
  const was = entry.look.capabilities.available;
  const sinceMs = available === was ? entry.sinceMs : now.wallMs;
  const tookMs = now.monoMs - (entry.lookingSinceMs ?? now.monoMs);
  const most = rested(awayMsMost, tookMs);
  const awayMs = available || was ? awayMsLeast : Math.min(entry.awayMs * 2, most);
  const next = lookedAt(look, { sinceMs, awayMs, tookMs }, now);
  return entry.isDoubted ? doubted(next, now.monoMs) : next;
}

function lookedAt(
  look: ProviderLook,
  { sinceMs, awayMs, tookMs }: Pick<Entry, "sinceMs" | "awayMs"> & { readonly tookMs: number },
  { monoMs, random }: LooksNow,
): Entry {
  const waitMs = look.capabilities.available ? rested(thereMs, tookMs) : awayMs;
  // Half of it at chance: the nodes of a network, and the providers of one, do not look all at once.
  const dueAtMs = look.isFinal ? Number.POSITIVE_INFINITY : monoMs + waitMs * (1 - random() / 2);
  const at = { lookedAtMs: monoMs, dueAtMs, lookingSinceMs: undefined, isDoubted: false };
  return { look, sinceMs, awayMs, ...at };
}

function rested(waitMs: number, tookMs: number): number {
  return Math.min(restMsMost, Math.max(waitMs, tookMs * restPerLook));
}

/** Of what is known to be away a failed call tells nothing new. */
function doubted(entry: Entry, nowMs: number): Entry {
  if (!entry.look.capabilities.available) return entry;
  if (entry.lookingSinceMs !== undefined) return { ...entry, isDoubted: true };
  const soonest = Math.max(nowMs, entry.lookedAtMs + doubtMsLeast);
  return { ...entry, dueAtMs: Math.min(entry.dueAtMs, soonest) };
}

function isSilent({ look, lookingSinceMs }: Entry, nowMs: number): boolean {
  if (lookingSinceMs === undefined || !look.capabilities.available) return false;
  return nowMs >= lookingSinceMs + silentMsMost;
}

/** Still being looked at: what that finds in the end counts. */
function silenced(entry: Entry, { wallMs }: LooksNow): Entry {
  const reason = `it has not answered for ${silentMsMost / 1_000} s`;
  const capabilities = { available: false, reason } as const;
  return { ...entry, look: { ...entry.look, capabilities }, sinceMs: wallMs };
}

function dueAtMs({ look, dueAtMs: at, lookingSinceMs }: Entry): number {
  if (lookingSinceMs === undefined) return at;
  return look.capabilities.available ? lookingSinceMs + silentMsMost : Number.POSITIVE_INFINITY;
}
