/**
 * All that one node's membership holds, and one step's turn at it. Each file of this room has its own
 * part of the state. Owned by whoever steps it and changed in place; only its views are immutable.
 */
import type { Random } from "../core/env.ts";
import type { NodeId } from "../core/ids.ts";
import { Broadcasts } from "./broadcast.ts";
import type { MembershipEffect, OutdatedReason } from "./events.ts";
import { firstIncarnation } from "./incarnation.ts";
import { type MembershipOptions, presets } from "./options.ts";
import { type Probing, startProbing } from "./probing.ts";
import { Roster } from "./roster.ts";
import type { Facts, MemberRecord, View } from "./view.ts";

/** What a node says of itself when it starts. */
export interface SelfDescription {
  readonly id: NodeId;
  readonly name: string;
  readonly address: string;
  /** Higher than in any earlier life of this node. */
  readonly boot: number;
  readonly facts: Facts;
  /** What it has said in this boot already, where its actor was restarted. */
  readonly said?: Said;
}

/** The incarnations of one boot that a node has used. */
export interface Said {
  readonly first: number;
  readonly last: number;
}

/** One node that does not answer, on its way to being dead. */
export interface Suspicion {
  sinceMs: number;
  /** Its time is up, and what has arrived meanwhile is being heard. */
  isLast: boolean;
  readonly leastMs: number;
  readonly mostMs: number;
  /** Whose observation it is. */
  readonly by: Set<NodeId>;
}

/** Of a connection with a live node: since when nothing has come over it, and when it is probed again. */
export interface Silence {
  sinceMs: number;
  probeAtMs: number;
}

/** Whom this node wants to be connected with and is not. */
export interface Redial {
  /** Nodes, and when each is to be dialed. */
  readonly nodes: Map<NodeId, number>;
  /** Live nodes that something waits for, in the mesh or not. */
  readonly wanted: Set<NodeId>;
  /** Addresses asked for with no known node behind them yet, and when. */
  readonly joins: Map<string, number>;
  /** Addresses being dialed, and since when. */
  readonly dialing: Map<string, number>;
  /** Nodes, live or away, that this one was once connected with, or an earlier life of it knew. */
  readonly lost: Set<NodeId>;
  /** When each node that is not live became so, and when its host last refused a dial. */
  readonly goneAtMs: Map<NodeId, number>;
  readonly refusedAtMs: Map<NodeId, number>;
}

export interface MembershipState {
  readonly self: NodeId;
  readonly options: MembershipOptions;
  /** The draws that it is given. */
  readonly draw: Random;
  readonly roster: Roster;
  readonly broadcasts: Broadcasts;
  readonly connected: Set<NodeId>;
  readonly probing: Probing;
  readonly redial: Redial;
  readonly suspicions: Map<NodeId, Suspicion>;
  readonly silences: Map<NodeId, Silence>;
  /** Who saw a live node's process gone, and of which incarnation. */
  readonly gone: Map<NodeId, { readonly incarnation: number; readonly by: Set<NodeId> }>;
  /** Of each node: when it died lately, and when its mark as flapping ends if it stays alive. */
  readonly deaths: Map<
    NodeId,
    { readonly atMs: readonly number[]; stableAtMs: number | undefined }
  >;
  /** Whom this node dialed and has yet to be on one state with. */
  readonly syncing: Set<NodeId>;
  readonly gossip: { order: NodeId[]; lastAtMs: number };
  /** Of this life: others cannot know one from before it. */
  firstIncarnation: number;
  /** A boot counter that is being made durable. */
  raising: number | undefined;
  /** Why the data here is a blank replica's, if it is. */
  readonly outdated: Set<OutdatedReason>;
  /** 0: well; each point stretches this node's own times. */
  health: number;
  pushPullAtMs: number;
  /** Since when all who answer know something else; undefined: the last one did not. */
  differsSinceMs: number | undefined;
  publish: {
    isChanged: boolean;
    hasDied: boolean;
    /** When the deaths that are being gathered are one change; at or before `lastAtMs`: there are none. */
    gatheredAtMs: number;
    lastAtMs: number;
  };
  view: View;
  /** When the `timer` event is due. */
  dueAtMs: number;
}

/** One step: what it may look at, and the effects that it adds to. */
export interface Turn {
  readonly state: MembershipState;
  readonly nowMs: number;
  readonly effects: MembershipEffect[];
}

/** A node that knows only itself. `draw`: random numbers for it alone. */
export function startMembership(
  self: SelfDescription,
  nowMs: number,
  draw: Random,
  options: Partial<MembershipOptions> = {},
): MembershipState {
  const { id, name, address, facts } = self;
  const first = self.said?.first ?? firstIncarnation(self.boot, draw());
  const incarnation = self.said?.last ?? first;
  const record = { id, name, address, incarnation, state: "alive", facts } as const;
  const chosen: MembershipOptions = { ...presets.lan, ...options };
  const roster = new Roster();
  roster.put(record);
  return {
    self: id,
    options: chosen,
    draw,
    roster,
    broadcasts: new Broadcasts(),
    connected: new Set(),
    probing: startProbing(nowMs + draw() * chosen.probeMs),
    redial: {
      nodes: new Map(),
      wanted: new Set(),
      joins: new Map(),
      dialing: new Map(),
      lost: new Set(),
      goneAtMs: new Map(),
      refusedAtMs: new Map(),
    },
    suspicions: new Map(),
    silences: new Map(),
    gone: new Map(),
    deaths: new Map(),
    syncing: new Set(),
    gossip: { order: [], lastAtMs: Number.NEGATIVE_INFINITY },
    firstIncarnation: first,
    raising: undefined,
    outdated: new Set(),
    health: 0,
    pushPullAtMs: nowMs + draw() * chosen.pushPullMs,
    differsSinceMs: undefined,
    publish: {
      isChanged: false,
      hasDied: false,
      gatheredAtMs: Number.NEGATIVE_INFINITY,
      lastAtMs: Number.NEGATIVE_INFINITY,
    },
    view: { version: 1, members: [record] },
    dueAtMs: nowMs,
  };
}

/** What this node says of itself. */
export function selfOf({ roster, self }: MembershipState): MemberRecord {
  const record = roster.get(self);
  if (record === undefined) throw new Error("a roster without its own node");
  return record;
}

/** Whether `peer` can be sent to and is part of the network. */
export function isReached({ connected, roster }: MembershipState, peer: NodeId): boolean {
  const state = connected.has(peer) ? roster.get(peer)?.state : undefined;
  return state === "alive" || state === "suspect";
}

/** `items` in a random order, in place. Fisher and Yates'. */
export function shuffle<T>(items: T[], draw: Random): T[] {
  for (let last = items.length - 1; last > 0; last--) {
    const other = Math.floor(draw() * (last + 1));
    const [a, b] = [items[last], items[other]];
    if (a === undefined || b === undefined) continue;
    items[last] = b;
    items[other] = a;
  }
  return items;
}
