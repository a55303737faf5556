/**
 * What is left of an instance that is placed no more: it is out of the network's hands, and its node ends it. Who had
 * it removed is told why that has not come about yet.
 */
import type { ServiceName } from "../core/ids.ts";
import { isLive } from "../membership/view.ts";
import { stateText } from "../services/eligibility.ts";
import type { Phase } from "../services/instance-status.ts";
import type { PlacementRecord } from "../services/records.ts";
import type { Catalog } from "./catalog.ts";
import { whyEngineAway } from "./engine-absence.ts";

export interface Remains {
  readonly name: ServiceName;
  readonly slot: number;
  readonly state: Phase;
  readonly reason: string;
  /** Nothing becomes of it before its node, or the engine there, is back. */
  readonly isStuck: boolean;
}

/** Undefined: nothing is left of it, as far as is known, or it is placed. */
export function remainsOf(
  catalog: Catalog,
  { service, slot, instance, node, provider }: PlacementRecord,
): Remains | undefined {
  const status = catalog.status(instance);
  const member = node === null ? undefined : catalog.member(node);
  if (member === undefined || status === undefined) return undefined;
  if (catalog.placementOf(instance) !== undefined) return undefined;
  const { name: at } = member;
  const left = { name: service, slot };
  if (!isLive(member) && member.state !== "alive") {
    const reason = `${at} ${stateText(member.state)}: what runs there is ended once it is back`;
    const state = member.state === "away" ? status.state : "lost";
    return { ...left, state, reason, isStuck: true };
  }
  const { state } = status;
  const why = provider === undefined ? undefined : whyEngineAway(member, provider);
  if (why === undefined)
    return { ...left, state, reason: `${at} is yet to end it`, isStuck: false };
  const reason = `what runs on ${at} cannot be ended before its engine is back: ${why}`;
  return { ...left, state, reason, isStuck: true };
}
