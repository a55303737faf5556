/** What is said of a node's engine that is away: of what runs there only what was last heard is known. */
import type { Member, ProviderFact } from "../membership/view.ts";
import type { Phase } from "../services/instance-status.ts";

/** How the reason of an instance begins of which its engine does not tell. */
export const untold = "its engine does not tell how it is";

export interface ToldThere {
  readonly reason?: string;
  /** Since when its engine is away: wall clock, ms, of its node. Absent: it is there, or that is not known. */
  readonly engineAwaySince?: number;
}

/** Whether there is a task, or may be one: of that only its engine knows. */
export function mayHaveTask(state: Phase): boolean {
  return state === "starting" || state === "running" || state === "stopping";
}

/**
 * What a live node has told of an instance, with what is known of its engine there.
 * @param type of its provider
 */
export function toldThere(
  member: Member,
  type: string,
  { state, reason }: { readonly state: Phase; readonly reason?: string },
): ToldThere {
  const fact = awayFact(member, type);
  if (fact === undefined || !mayHaveTask(state)) return reason === undefined ? {} : { reason };
  const { since } = fact;
  const why = `${untold}: ${fact.reason ?? ""}`;
  const isSaid = reason === undefined || reason.startsWith(untold);
  return {
    reason: isSaid ? why : `${reason}; ${why}`,
    ...(since !== undefined && { engineAwaySince: since }),
  };
}

/** Why a provider of that type cannot be asked on a node; undefined: it can, or is not known there. */
export function whyEngineAway(member: Member, type: string): string | undefined {
  const fact = awayFact(member, type);
  return fact && (fact.reason ?? "it does not answer");
}

function awayFact({ facts }: Member, type: string): ProviderFact | undefined {
  return facts.providers.find((one) => one.type === type && !one.available);
}
