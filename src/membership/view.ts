/**
 * What a node believes of the network: every node it knows, with its state. Only a node itself says
 * something new of itself (a higher incarnation); others can only accuse it (a more severe state), so
 * any two views merge to the same one in any order.
 */
import type { NodeId } from "../core/ids.ts";
import type { Resources } from "../core/resources.ts";

/**
 * `suspect`: it does not answer, and may yet say that it lives. `away`: its process is gone while its
 * host answers. `dead`: not heard of. `left`: it said goodbye.
 */
export type MemberState = "alive" | "suspect" | "away" | "dead" | "left";

/** A provider that a node was asked to offer, and whether it can. */
export interface ProviderFact {
  readonly type: string;
  readonly available: boolean;
  /** The engine's, when available. */
  readonly version?: string;
  /** What it can do here beyond the least, when available: `cgroup-v2`. */
  readonly features?: readonly string[];
  /** Why not, when not available. */
  readonly reason?: string;
  /** Since when it has been available, or not: the node's wall clock, ms. Absent from one of an older version. */
  readonly since?: number;
  /** What it could do elsewhere and cannot here, by feature, and why. */
  readonly lacks?: Readonly<Record<string, string>>;
}

/** What a node tells of itself. */
export interface Facts {
  readonly providers: readonly ProviderFact[];
  readonly labels: Readonly<Record<string, string>>;
  /** Of Mob. */
  readonly version: string;
  /** Its share of the records, relative to other nodes'; absent: 1. */
  readonly weight?: number;
  /** What there is to be reserved; absent: nothing is reserved there. */
  readonly capacity?: Resources;
}

interface Described {
  readonly id: NodeId;
  readonly name: string;
  /** Where others dial it: `host:port`. */
  readonly address: string;
  /** Boot counter and number within the boot (incarnation.ts); orders what is said of a node. */
  readonly incarnation: number;
  readonly facts: Facts;
}

/** A node of the network, as views show it. */
export interface Member extends Described {
  readonly state: MemberState;
  /** It died three times in five minutes: no new work for it. What this node saw itself; never sent. */
  readonly flapping?: true;
}

/** What nodes keep and tell of each other: also that one was forgotten, which no view shows. */
export interface MemberRecord extends Described {
  readonly state: MemberState | "forgotten";
}

export type Forgotten = Pick<MemberRecord, "id" | "name">;

export interface View {
  /** Counts this node's changes of its own view; means nothing to another node. */
  readonly version: number;
  /** Sorted by id. */
  readonly members: readonly Member[];
  /** Those that a user has had forgotten and that have not come back. Absent: there are none. */
  readonly forgotten?: readonly Forgotten[];
  /** There are too many for all to be connected with each other. */
  readonly isPartial?: boolean;
}

/** The severity of each state; also its number on the wire. */
export const severity: Readonly<Record<MemberRecord["state"], number>> = {
  alive: 0,
  suspect: 1,
  away: 2,
  dead: 3,
  left: 4,
  forgotten: 5,
};

/** What orders two statements about one node. */
export type Claim = Pick<MemberRecord, "incarnation" | "state">;

/** Whether `told` is to replace `held`: a higher incarnation, or a more severe state of the same. */
export function supersedes(told: Claim, held: Claim): boolean {
  if (told.incarnation !== held.incarnation) return told.incarnation > held.incarnation;
  return severity[told.state] > severity[held.state];
}

/** Whether work may be there and calls be answered: what counts as part of the network now. */
export function isLive({ state }: Pick<MemberRecord, "state">): boolean {
  return state === "alive" || state === "suspect";
}

/** Whether views show it. */
export function isShown(record: MemberRecord): record is MemberRecord & Member {
  return record.state !== "forgotten";
}
