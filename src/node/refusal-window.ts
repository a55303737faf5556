/**
 * Bounds what refusals can write: of each source the first in a minute is told at once, the others as
 * a count when the minute is over; and of sources only so many a minute by name. Whoever tries a
 * million times, from a million addresses, fills neither disk nor memory, and pushes out no record of
 * what administrators did. Pure: it is told the time.
 */
import type { AuditEvent } from "../core/audit.ts";

/** Length of a window. */
export const windowMs = 60_000;
/** Sources told by name in one window. */
export const sourcesMax = 10;

/** An event, and of how many alike it tells; of one where there is no count. */
export interface CountedEvent extends AuditEvent {
  readonly count?: number;
}

interface Source {
  readonly last: AuditEvent;
  /** Not yet told. */
  readonly more: number;
}

export interface RefusalWindow {
  readonly sinceMs: number;
  readonly sources: ReadonlyMap<string, Source>;
  /** Refusals of sources beyond those. */
  readonly others: number;
}

export interface WindowStep {
  readonly window: RefusalWindow;
  /** To be written now. */
  readonly tell: readonly CountedEvent[];
}

export const noRefusals: RefusalWindow = {
  sinceMs: Number.NEGATIVE_INFINITY,
  sources: new Map(),
  others: 0,
};

/** A refusal came. */
export function addRefusal(window: RefusalWindow, event: AuditEvent, nowMs: number): WindowStep {
  const ended = nowMs >= window.sinceMs + windowMs;
  const before = ended ? endWindow(window) : [];
  const { sinceMs, sources, others } = ended ? { ...noRefusals, sinceMs: nowMs } : window;
  const known = sources.get(event.how);
  if (known === undefined && sources.size >= sourcesMax) {
    return { window: { sinceMs, sources, others: others + 1 }, tell: before };
  }
  const more = known === undefined ? 0 : known.more + 1;
  const next = new Map(sources).set(event.how, { last: event, more });
  return {
    window: { sinceMs, sources: next, others },
    tell: known === undefined ? [...before, event] : before,
  };
}

/** What is left to tell of a window: it is over, or no more will come. */
export function endWindow({ sources, others }: RefusalWindow): readonly CountedEvent[] {
  const repeated = [...sources.values()]
    .filter(({ more }) => more > 0)
    .map(({ last, more }): CountedEvent => ({ ...last, count: more }));
  if (others === 0) return repeated;
  const rest = { what: "requests", outcome: "refused", who: "unknown", how: "others" } as const;
  return [...repeated, { ...rest, count: others }];
}
