/**
 * The views that the rest of the node sees. A change is one at once, but for two kinds of crowds, so that no
 * one decides anything half way, nor spends its time on views: the deaths of 300 ms are one change, and
 * a view costs whoever looks at it a time in proportion to its members, so the next one comes no sooner
 * than a multiple of that.
 */
import { isFlapping } from "./flapping.ts";
import { isFullMesh } from "./mesh.ts";
import type { MembershipState, Turn } from "./state.ts";
import { type Forgotten, isShown, type Member, type View } from "./view.ts";

/** Between two views, for each member: 100 ms where 1,000 nodes come at once, and nothing among a few. */
export const viewMsPerMember = 0.1;

export function publishDueAtMs({ publish, roster }: MembershipState): number {
  if (!publish.isChanged) return Number.POSITIVE_INFINITY;
  return Math.max(publish.gatheredAtMs, publish.lastAtMs + viewMsPerMember * roster.size);
}

/** At the end of each step. */
export function publishDue({ state, nowMs, effects }: Turn): void {
  const { publish, options } = state;
  if (publish.hasDied && publish.gatheredAtMs <= publish.lastAtMs) {
    publish.gatheredAtMs = nowMs + options.gatherMs;
  }
  publish.hasDied = false;
  if (publishDueAtMs(state) > nowMs) return;
  publish.isChanged = false;
  publish.lastAtMs = nowMs;
  state.view = currentView(state);
  effects.push({ kind: "publish", view: state.view });
}

/** What is held now, deaths that are still being gathered included. */
export function currentView(state: MembershipState): View {
  const members: Member[] = [];
  const forgotten: Forgotten[] = [];
  for (const record of state.roster.all()) {
    if (!isShown(record)) forgotten.push({ id: record.id, name: record.name });
    else members.push(isFlapping(state, record.id) ? { ...record, flapping: true } : record);
  }
  return {
    version: state.view.version + 1,
    members,
    ...(forgotten.length > 0 && { forgotten }),
    ...(!isFullMesh(state) && { isPartial: true }),
  };
}
