/**
 * Picks the node for an instance. Pure, and the same whoever decides: nodes that see the same network
 * pick the same node.
 */
import type { NodeId, ServiceName } from "../core/ids.ts";
import { type Hash, hashOfBoth, hashText } from "../ring/hash.ts";
import { labelOf } from "./constraint.ts";
import {
  type Candidate,
  hasPlaceFor,
  openNodes,
  type PlacementRequest,
  reasonsAgainst,
} from "./eligibility.ts";
import type { Refusal } from "./records.ts";

/** Why a node was picked; `among` counts the nodes that can take it. */
export type Choice =
  | { readonly kind: "present" }
  | { readonly kind: "only" }
  /** One on each node was asked for. */
  | { readonly kind: "everywhere" }
  /** Fewer of its siblings are on it, or where its label says, than elsewhere. */
  | { readonly kind: "spread"; readonly siblings: number; readonly among: number }
  | { readonly kind: "fewest"; readonly instances: number; readonly among: number }
  /** Of several with equally few. */
  | { readonly kind: "rank"; readonly instances: number; readonly among: number };

export type Placed =
  | { readonly node: NodeId; readonly choice: Choice }
  | { readonly refusals: readonly Refusal[] };

/** Instances placed on a node, as far as its `instances` are not those of now. */
export type LoadOf = (node: Candidate) => number;

/**
 * The present node; else the one whose zone, and then which itself, has the fewest siblings; of those the
 * one with the fewest instances, and of those the first by rendezvous hashing of service and node. Where
 * none can take it, every node's every reason, by name of node.
 */
export function place(
  request: PlacementRequest,
  candidates: readonly Candidate[],
  loadOf: LoadOf = ({ instances }) => instances,
): Placed {
  const { only, present } = request;
  const nodes = openNodes(candidates);
  const before = present === undefined ? undefined : nodes.get(present);
  const isAllowed = only === undefined || only === present;
  if (before !== undefined && isAllowed && reasonsAgainst(request, before).length === 0) {
    return { node: before.id, choice: { kind: "present" } };
  }
  const allowed = only === undefined ? candidates : candidates.filter(({ id }) => id === only);
  const eligible =
    only === undefined
      ? nodes.openTo(request).filter((node) => hasPlaceFor(request, node))
      : allowed.filter((node) => reasonsAgainst(request, node).length === 0);
  const best = bestOf(request, eligible, loadOf, (id) => nodes.hashOf(id));
  if (best !== undefined) return best;
  const refusals = allowed.map((node) => {
    return { node: node.id, name: node.name, reasons: reasonsAgainst(request, node) };
  });
  return { refusals: refusals.sort((a, b) => compare(a.name, b.name) || compare(a.node, b.node)) };
}

function bestOf(
  { service, spread, only, siblings = [] }: PlacementRequest,
  eligible: readonly Candidate[],
  loadOf: LoadOf,
  hashOf: (node: NodeId) => Hash,
): { readonly node: NodeId; readonly choice: Choice } | undefined {
  const among = eligible.length;
  const [first] = eligible;
  if (first === undefined) return undefined;
  if (only !== undefined) return { node: first.id, choice: { kind: "everywhere" } };
  if (among === 1) return { node: first.id, choice: { kind: "only" } };
  const onNode = counted(siblings);
  const farthest =
    siblings.length === 0 ? eligible : farthestOf(eligible, siblings, onNode, spread);
  const emptiest = fewest(farthest, loadOf);
  const best =
    (emptiest.length === 1 ? emptiest[0] : firstInRank(service, emptiest, hashOf)) ?? first;
  return { node: best.id, choice: choiceOf(best) };

  function choiceOf(node: Candidate): Choice {
    if (farthest.length < among)
      return { kind: "spread", siblings: onNode.get(node.id) ?? 0, among };
    const kind = emptiest.length === 1 ? "fewest" : "rank";
    return { kind, instances: loadOf(node), among };
  }
}

/** Those in whose zone, and on which then, the fewest siblings are. */
function farthestOf(
  eligible: readonly Candidate[],
  siblings: readonly NodeId[],
  onNode: ReadonlyMap<NodeId, number>,
  spread: string | undefined,
): readonly Candidate[] {
  const zoneOf = zones(spread, eligible);
  const inZone = counted(siblings.map(zoneOf));
  const inFewest = fewest(eligible, ({ id }) => inZone.get(zoneOf(id)) ?? 0);
  return fewest(inFewest, ({ id }) => onNode.get(id) ?? 0);
}

/** The value of a label at each node; without a label, and for a node without it, one for all. */
export function zones(
  spread: string | undefined,
  nodes: readonly Candidate[],
): (id: NodeId) => string {
  if (spread === undefined) return () => "";
  const values = new Map(nodes.map(({ id, labels }) => [id, labelOf(labels, spread)]));
  return (id) => values.get(id) ?? "";
}

function counted<T>(items: readonly T[]): ReadonlyMap<T, number> {
  const counts = new Map<T, number>();
  for (const item of items) counts.set(item, (counts.get(item) ?? 0) + 1);
  return counts;
}

/** Those with the smallest count. */
function fewest(
  nodes: readonly Candidate[],
  countOf: (node: Candidate) => number,
): readonly Candidate[] {
  let least = Number.POSITIVE_INFINITY;
  let found: Candidate[] = [];
  for (const node of nodes) {
    const count = countOf(node);
    if (count > least) continue;
    if (count < least) found = [];
    least = count;
    found.push(node);
  }
  return found;
}

/** Rendezvous hashing. `nodes`: one or more. */
function firstInRank(
  service: ServiceName,
  nodes: readonly Candidate[],
  hashOf: (node: NodeId) => Hash,
): Candidate | undefined {
  const hash = hashText(service);
  let [best, least] = [nodes[0], Number.POSITIVE_INFINITY];
  for (const node of nodes) {
    const weight = hashOfBoth(hash, hashOf(node.id));
    if (weight < least) [best, least] = [node, weight];
  }
  return best;
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
