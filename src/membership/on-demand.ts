/**
 * Connections beyond those of the mesh: with a live node that something is for. Asked for, dialed once,
 * and given up when that fails; who has something for it may ask again.
 */
import type { NodeId } from "../core/ids.ts";
import { areNeighbours, isFullMesh } from "./mesh.ts";
import { seeToDial } from "./redial.ts";
import { type MembershipState, selfOf, type Turn } from "./state.ts";
import { isLive } from "./view.ts";

/** Whether a connection with `id`, which there is none with, may be asked for. */
export function mayBeWanted(state: MembershipState, id: NodeId): boolean {
  const record = state.roster.get(id);
  if (record === undefined || !isLive(record) || id === state.self) return false;
  return !isFullMesh(state) && selfOf(state).state !== "left";
}

/** Those that this node is connected with, and need not be for the mesh. */
export function connectedOnDemand(state: MembershipState): readonly NodeId[] {
  if (isFullMesh(state)) return [];
  return [...state.connected].filter((peer) => !areNeighbours(state, state.self, peer));
}

export function want(turn: Turn, id: NodeId): void {
  const { state } = turn;
  if (state.connected.has(id)) return;
  state.redial.wanted.add(id);
  if (mayBeWanted(state, id)) seeToDial(turn, id);
  else giveUp(turn, id);
}

/** Whoever waits for a connection with `id` waits in vain. */
export function giveUp({ state, effects }: Turn, id: NodeId): void {
  if (state.redial.wanted.delete(id)) effects.push({ kind: "unmet", peer: id });
}

/** Nobody was reached at `address`. */
export function giveUpAt(turn: Turn, address: string): void {
  const { wanted } = turn.state.redial;
  for (const id of wanted) if (turn.state.roster.get(id)?.address === address) giveUp(turn, id);
}
