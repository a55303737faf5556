/**
 * The views that the rest of the node sees. A change is one at once, but for deaths: they come in
 * crowds, and those of 300 ms are one change, so that no one decides anything half way.
 */
import { isFlapping } from "./flapping.ts";
import type { MembershipState, Turn } from "./state.ts";
import { isShown, type Member, type View } from "./view.ts";

export function publishDueAtMs({ publish }: MembershipState): number {
  return publish.atMs ?? Number.POSITIVE_INFINITY;
}

/** At the end of each step. */
export function publishDue({ state, nowMs, effects }: Turn): void {
  const { publish, options } = state;
  if (publish.hasDied) publish.atMs ??= nowMs + options.gatherMs;
  publish.hasDied = false;
  if (!publish.isChanged || (publish.atMs ?? nowMs) > nowMs) return;
  publish.isChanged = false;
  publish.atMs = undefined;
  state.view = currentView(state);
  effects.push({ kind: "publish", view: state.view });
}

/** What is held now, deaths that are still being gathered included. */
export function currentView(state: MembershipState): View {
  const members: Member[] = [];
  for (const record of state.roster.all()) {
    if (!isShown(record)) continue;
    members.push(isFlapping(state, record.id) ? { ...record, flapping: true } : record);
  }
  return { version: state.view.version + 1, members };
}
