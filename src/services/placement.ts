/**
 * Picks the node for an instance. Pure, and the same whoever decides: nodes that see the same network
 * pick the same node.
 */
import { createHash } from "node:crypto";
import type { NodeId, ServiceName } from "../core/ids.ts";
import { type Constraint, reasonAgainst } from "./constraint.ts";
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
  /** If it is `away`: for how long, ms, as the one who decides has seen it. Absent: only just. */
  readonly awayForMs?: number;
  readonly labels: Readonly<Record<string, string>>;
  /** By type; one that the node was not asked to offer is not there. */
  readonly providers: ReadonlyMap<string, ProviderOffer>;
  /** Instances placed on it. */
  readonly instances: number;
}

export interface PlacementRequest {
  readonly service: ServiceName;
  readonly provider: string;
  readonly constraints: readonly Constraint[];
  /** Where it is now: it stays there as long as that node can have it. */
  readonly present?: NodeId;
}

/** Why a node was picked; `among` counts the nodes that can take it. */
export type Choice =
  | { readonly kind: "present" }
  | { readonly kind: "only" }
  | { readonly kind: "fewest"; readonly instances: number; readonly among: number }
  /** Of several with equally few. */
  | { readonly kind: "rank"; readonly instances: number; readonly among: number };

export type Placed =
  | { readonly node: NodeId; readonly choice: Choice }
  | { readonly refusals: readonly Refusal[] };

/**
 * The present node, else the one with the fewest instances, else the first by rendezvous hashing of
 * service and node; where none can take it, every node's every reason, by name of node.
 */
export function place(request: PlacementRequest, candidates: readonly Candidate[]): Placed {
  const judged = candidates.map((node) => ({ node, reasons: reasonsAgainst(request, node) }));
  const eligible = judged.filter(({ reasons }) => reasons.length === 0).map(({ node }) => node);
  const present = eligible.find(({ id }) => id === request.present);
  if (present !== undefined) return { node: present.id, choice: { kind: "present" } };
  const best = leastLoaded(request.service, eligible);
  if (best !== undefined) return best;
  const refusals = judged.map(({ node: { id, name }, reasons }) => ({ node: id, name, reasons }));
  return { refusals: refusals.sort((a, b) => compare(a.name, b.name) || compare(a.node, b.node)) };
}

/** Every reason why a node cannot take it; none: it can. */
export function reasonsAgainst(
  { provider, constraints, present }: PlacementRequest,
  node: Candidate,
): readonly string[] {
  const { id, state, isFlapping, providers } = node;
  const reasons: string[] = [];
  if (state !== "alive") reasons.push(stateText(state));
  if (isFlapping === true && id !== present) reasons.push("keeps dying and coming back");
  const offer = providers.get(provider);
  if (offer === undefined) {
    reasons.push(`does not offer ${provider}`);
  } else if (!offer.available) {
    reasons.push(`does not offer ${provider} (${provider}: not available: ${offer.reason})`);
  }
  return [
    ...reasons,
    ...constraints.flatMap((constraint) => reasonAgainst(constraint, node) ?? []),
  ];
}

/** For the status of a service that no node can take: `a: is dead; b: does not offer docker`. */
export function refusalsText(refusals: readonly Refusal[]): string {
  if (refusals.length === 0) return "no node can take it: there is none";
  const each = refusals.map(({ name, reasons }) => `${name} ${reasons.join(" and ")}`);
  return `no node can take it: ${each.join("; ")}`;
}

/** Why a node was picked, for people. */
export function choiceText(choice: Choice): string {
  switch (choice.kind) {
    case "present":
      return "it is there already";
    case "only":
      return "the only node that can take it";
    case "fewest":
      return `the fewest instances (${choice.instances}) of ${choice.among} nodes that can take it`;
    case "rank":
      return `first in rank of those with the fewest instances (${choice.instances}), of ${choice.among} nodes that can take it`;
  }
}

/** A state in which a node takes nothing. */
export function stateText(state: Exclude<NodeState, "alive">): string {
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

function leastLoaded(
  service: ServiceName,
  eligible: readonly Candidate[],
): { readonly node: NodeId; readonly choice: Choice } | undefined {
  const instances = Math.min(...eligible.map((node) => node.instances));
  const emptiest = eligible
    .filter((node) => node.instances === instances)
    .map(({ id }) => ({ id, weight: hash(`${service}\n${id}`) }))
    .sort((a, b) => compare(a.weight, b.weight));
  const [first] = emptiest;
  if (first === undefined) return undefined;
  const among = eligible.length;
  if (among === 1) return { node: first.id, choice: { kind: "only" } };
  const kind = emptiest.length === 1 ? "fewest" : "rank";
  return { node: first.id, choice: { kind, instances, among } };
}

function hash(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
