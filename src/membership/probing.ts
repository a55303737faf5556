/** What a node's probing holds: its own probes under way, and those that it makes for others. */
import type { NodeId } from "../core/ids.ts";

export interface Probe {
  readonly target: NodeId;
  directUntilMs: number;
  untilMs: number;
  /** Others that were asked; undefined: none yet. */
  asked: number | undefined;
  nacks: number;
  /** Its time is up, and what has arrived meanwhile is being heard. */
  isLast: boolean;
}

/** A ping for someone else. */
export interface Relay {
  readonly requester: NodeId;
  readonly seq: number;
  nackAtMs: number;
  untilMs: number;
  isNacked: boolean;
}

export interface Probing {
  readonly probes: Map<number, Probe>;
  readonly relays: Map<number, Relay>;
  /** Those still to be probed in this round; taken from the end. */
  order: NodeId[];
  isRingsTurn: boolean;
  /** To be probed out of turn, at once. */
  urgent: NodeId[];
  nextAtMs: number;
  seq: number;
}

export function startProbing(firstAtMs: number): Probing {
  return {
    probes: new Map(),
    relays: new Map(),
    order: [],
    isRingsTurn: false,
    urgent: [],
    nextAtMs: firstAtMs,
    seq: 0,
  };
}
