/**
 * What a node believes of the network: every node it knows, with its state. Only a node itself says
 * something new of itself (a higher incarnation); others can only accuse it (a more severe state), so
 * any two views merge to the same one in any order.
 */
import type { NodeId } from "../core/ids.ts";

/**
 * `away`: its process is gone while its host answers. `dead`: not heard of. `left`: it said goodbye.
 * `suspect` is not used yet: it comes with probing.
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
}

/** What a node tells of itself. */
export interface Facts {
  readonly providers: readonly ProviderFact[];
  readonly labels: Readonly<Record<string, string>>;
  /** Of Mob. */
  readonly version: string;
}

export interface Member {
  readonly id: NodeId;
  readonly name: string;
  /** Where others dial it: `host:port`. */
  readonly address: string;
  /** Boot counter · 2^32 + n; orders what is said of a node. Below 2^53 for 2 million boots. */
  readonly incarnation: number;
  readonly state: MemberState;
  readonly facts: Facts;
}

export interface View {
  /** Counts this node's changes of its own view; means nothing to another node. */
  readonly version: number;
  /** Sorted by id. */
  readonly members: readonly Member[];
}

const severity: Readonly<Record<MemberState, number>> = {
  alive: 0,
  suspect: 1,
  away: 2,
  dead: 3,
  left: 4,
};

/** Whether `told` is to replace `held`: a higher incarnation, or a more severe state of the same. */
export function supersedes(told: Member, held: Member): boolean {
  if (told.incarnation !== held.incarnation) return told.incarnation > held.incarnation;
  return severity[told.state] > severity[held.state];
}

/** Whether work may be there and calls be answered: what counts as part of the network now. */
export function isLive(member: Member): boolean {
  return member.state === "alive" || member.state === "suspect";
}

const perBoot = 2 ** 32;

/** The first incarnation of a node's life. */
export function firstIncarnation(boot: number): number {
  return boot * perBoot;
}

/** The boot counter within an incarnation. */
export function bootOf(incarnation: number): number {
  return Math.floor(incarnation / perBoot);
}
