/**
 * What a user is told of a node: its membership and the facts it tells of itself, in one.
 */
import type { NodeId } from "../core/ids.ts";
import { isLive, type Member, type MemberState, type ProviderFact } from "../membership/view.ts";

export interface NodeInfo {
  readonly id: NodeId;
  readonly name: string;
  /** `host:port` */
  readonly address: string;
  readonly state: MemberState;
  readonly isLive: boolean;
  /** Asked for on that node: available, or not and why. */
  readonly providers: readonly ProviderFact[];
  readonly labels: Readonly<Record<string, string>>;
  /** Of Mob. */
  readonly version: string;
  /** Absent: 1. */
  readonly weight?: number;
}

export function nodeInfo(member: Member): NodeInfo {
  const { id, name, address, state, facts } = member;
  return { id, name, address, state, isLive: isLive(member), ...facts };
}
