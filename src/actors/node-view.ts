/**
 * What a user is told of a node: its membership and the facts it tells of itself, in one.
 */
import type { NodeId } from "../core/ids.ts";
import type { Resources } from "../core/resources.ts";
import { isLive, type Member, type MemberState, type ProviderFact } from "../membership/view.ts";
import type { Catalog } from "./catalog.ts";

export interface NodeInfo {
  readonly id: NodeId;
  readonly name: string;
  /** `host:port` */
  readonly address: string;
  readonly state: MemberState;
  readonly isLive: boolean;
  /** A user wants nothing to be placed on it. */
  readonly isDrained: boolean;
  /** Asked for on that node: available, or not and why. */
  readonly providers: readonly ProviderFact[];
  readonly labels: Readonly<Record<string, string>>;
  /** Of Mob. */
  readonly version: string;
  /** Absent: 1. */
  readonly weight?: number;
  /** What services may reserve; absent: nothing. */
  readonly capacity?: Resources;
}

export interface NodeUse extends NodeInfo {
  /** For what is placed there, and what is yet to end there. */
  readonly reserved: Resources;
}

export function nodeInfo(member: Member, catalog: Pick<Catalog, "isDrained">): NodeInfo {
  const { id, name, address, state, facts } = member;
  const isDrained = catalog.isDrained(id);
  return { id, name, address, state, isLive: isLive(member), isDrained, ...facts };
}
