/**
 * What is left of an instance that is placed no more: it is out of the network's hands, and its node ends it. Who had
 * it removed is told why that has not come about yet.
 */
import { isLive } from "../membership/view.ts";
import { stateText } from "../services/eligibility.ts";
import type { Phase } from "../services/instance-status.ts";
import type { PlacementRecord } from "../services/records.ts";
import type { Catalog } from "./catalog.ts";
import { whyEngineAway } from "./engine-absence.ts";

export interface Remains {
  readonly state: Phase;
  readonly reason: string;
  /** Nothing becomes of it before its node, or the engine there, is back. */
  readonly isStuck: boolean;
}

/** Undefined: nothing is left of it, as far as is known, or it is placed. */
export function remainsOf(
  catalog: Catalog,
  { instance, node, provider }: PlacementRecord,
): Remains | undefined {
  const status = catalog.status(instance);
  const member = node === null ? undefined : catalog.member(node);
  if (member === undefined || status === undefined) return undefined;
  if (catalog.placementOf(instance) !== undefined) return undefined;
  const { name } = member;
  if (!isLive(member) && member.state !== "alive") {
    const reason = `${name} ${stateText(member.state)}: what runs there is ended once it is back`;
    const state = member.state === "away" ? status.state : "lost";
    return { state, reason, isStuck: true };
  }
  const { state } = status;
  const why = provider === undefined ? undefined : whyEngineAway(member, provider);
  if (why === undefined) return { state, reason: `${name} is yet to end it`, isStuck: false };
  const reason = `what runs on ${name} cannot be ended before its engine is back: ${why}`;
  return { state, reason, isStuck: true };
}
