/**
 * Picks the node for an instance. Pure, and the same whoever decides: nodes that see the same network
 * pick the same node.
 */
import { createHash } from "node:crypto";
import type { NodeId, ServiceName } from "../core/ids.ts";
import type { Refusal } from "./records.ts";

/** As the membership sees it. */
export type NodeState = "alive" | "suspect" | "away" | "dead" | "left";

/** What a node says of a provider that it was asked to offer. */
export type ProviderOffer =
  | { readonly available: true }
  | { readonly available: false; readonly reason: string };

/** A node that may be picked. */
export interface Candidate {
  readonly id: NodeId;
  readonly name: string;
  readonly state: NodeState;
  /** It died three times in five minutes, and has yet to be stable for one. */
  readonly isFlapping?: boolean;
  /** By type; one that the node was not asked to offer is not there. */
  readonly providers: ReadonlyMap<string, ProviderOffer>;
  /** Instances placed on it. */
  readonly instances: number;
}

export interface PlacementRequest {
  readonly service: ServiceName;
  readonly provider: string;
  /** Where it is now: it stays there as long as that node can have it. */
  readonly present?: NodeId;
}

export type Placed = { readonly node: NodeId } | { readonly refusals: readonly Refusal[] };

/**
 * The present node, else the one with the fewest instances, else the first by rendezvous hashing of
 * service and node; where none can take it, every node's every reason, by name of node.
 */
export function place(request: PlacementRequest, candidates: readonly Candidate[]): Placed {
  const judged = candidates.map((node) => ({ node, reasons: reasonsAgainst(request, node) }));
  const eligible = judged.filter(({ reasons }) => reasons.length === 0).map(({ node }) => node);
  const present = eligible.find(({ id }) => id === request.present);
  const best = present ?? leastLoaded(request.service, eligible);
  if (best !== undefined) return { node: best.id };
  const refusals = judged.map(({ node: { id, name }, reasons }) => ({ node: id, name, reasons }));
  return { refusals: refusals.sort((a, b) => compare(a.name, b.name) || compare(a.node, b.node)) };
}

/** Every reason why a node cannot take it; none: it can. */
export function reasonsAgainst(
  { provider, present }: PlacementRequest,
  { id, state, isFlapping, providers }: Candidate,
): readonly string[] {
  const reasons: string[] = [];
  if (state !== "alive") reasons.push(stateText(state));
  if (isFlapping === true && id !== present) reasons.push("keeps dying and coming back");
  const offer = providers.get(provider);
  if (offer === undefined) {
    reasons.push(`does not offer ${provider}`);
  } else if (!offer.available) {
    reasons.push(`does not offer ${provider} (${provider}: not available: ${offer.reason})`);
  }
  return reasons;
}

/** For the status of a service that no node can take: `a: is dead; b: does not offer docker`. */
export function refusalsText(refusals: readonly Refusal[]): string {
  if (refusals.length === 0) return "no node can take it: there is none";
  const each = refusals.map(({ name, reasons }) => `${name} ${reasons.join(" and ")}`);
  return `no node can take it: ${each.join("; ")}`;
}

function stateText(state: Exclude<NodeState, "alive">): string {
  switch (state) {
    case "suspect":
      return "is suspected to be dead";
    case "left":
      return "has left";
    case "away":
    case "dead":
      return `is ${state}`;
  }
}

function leastLoaded(service: ServiceName, eligible: readonly Candidate[]): Candidate | undefined {
  const fewest = Math.min(...eligible.map(({ instances }) => instances));
  const [first] = eligible
    .filter(({ instances }) => instances === fewest)
    .map((node) => ({ node, weight: hash(`${service}\n${node.id}`) }))
    .sort((a, b) => compare(a.weight, b.weight));
  return first?.node;
}

function hash(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
