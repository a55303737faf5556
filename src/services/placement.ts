/**
 * Picks the node for an instance. Pure, and the same whoever decides: nodes that see the same network
 * pick the same node.
 */
import type { NodeId, ServiceName } from "../core/ids.ts";
import { isNothing, noResources, type Resources, shortfalls } from "../core/resources.ts";
import { asFraction, hashText } from "../ring/hash.ts";
import { type Constraint, labelOf, reasonAgainst } from "./constraint.ts";
import type { Refusal } from "./records.ts";
import { reasonsOfVolumes, type VolumeHomeOf } from "./volumes.ts";

/** As the membership sees it. */
export type NodeState = "alive" | "suspect" | "away" | "dead" | "left";

/** What a node says of a provider that it was asked to offer. */
export type ProviderOffer =
  /** `noLimits`: why it cannot hold its tasks to what is reserved for them; absent: it can. */
  | {
      readonly available: true;
      readonly noLimits?: string | undefined;
      /** Whether its tasks can be given volumes. */
      readonly hasVolumes?: boolean;
    }
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
  /** A user wants nothing on it. */
  readonly isDrained?: boolean;
  /** Absent: it does not say, as version 0.1 does not. */
  readonly capacity?: Resources | undefined;
}

export interface PlacementRequest {
  readonly service: ServiceName;
  readonly provider: string;
  readonly constraints: readonly Constraint[];
  /** The label over whose values its instances are spread. */
  readonly spread?: string | undefined;
  /** Where it is now: it stays there as long as that node can have it. */
  readonly present?: NodeId;
  /** The only node that it may be on; absent: any. */
  readonly only?: NodeId | undefined;
  /** Where the other instances of the service are, each time once. */
  readonly siblings?: readonly NodeId[];
  /** What is to be reserved for it; absent: nothing. */
  readonly resources?: Resources;
  /** What is reserved on a node, what it comes in the place of aside; absent: nothing. */
  readonly reservedOn?: (node: NodeId) => Resources;
  /** What waits, is more important, and has the room of a node kept for it; absent: nothing. */
  readonly claimOn?: (node: NodeId) => Claim | undefined;
  /** The node that has just refused it, and why. */
  readonly refused?: { readonly node: NodeId; readonly reason: string } | undefined;
  /** Ports of its node that it must have. */
  readonly ports?: readonly number[];
  /** What has a port of a node by its placement; absent: nothing has any. */
  readonly portHolder?: PortHolder;
  /** Names of the volumes that its node must have, or be the first to have. */
  readonly volumes?: readonly string[];
  /** Whether its tasks are to be given any, of whatever kind; default: where there are `volumes`. */
  readonly mounts?: boolean;
  /** Where volumes live; absent: there is none yet. */
  readonly volumeHome?: VolumeHomeOf;
}

/** Something that waits for the room of a node. */
export interface Claim {
  readonly service: ServiceName;
  readonly priority: number;
}

/** Undefined: the port of that node is asked for by nothing that is placed there. */
export type PortHolder = (node: NodeId, port: number) => ServiceName | undefined;

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
  const { only } = request;
  const allowed = only === undefined ? candidates : candidates.filter(({ id }) => id === only);
  const eligible = allowed.filter((node) => reasonsAgainst(request, node).length === 0);
  const present = eligible.find(({ id }) => id === request.present);
  if (present !== undefined) return { node: present.id, choice: { kind: "present" } };
  const best = bestOf(request, eligible, loadOf);
  if (best !== undefined) return best;
  const refusals = allowed.map((node) => {
    return { node: node.id, name: node.name, reasons: reasonsAgainst(request, node) };
  });
  return { refusals: refusals.sort((a, b) => compare(a.name, b.name) || compare(a.node, b.node)) };
}

/** For what is asked of a thousand nodes for each of a thousand services: no array for nothing. */
const none: readonly string[] = [];
const noPorts: readonly number[] = [];

/** Every reason why a node cannot take it; none: it can. */
export function reasonsAgainst(request: PlacementRequest, node: Candidate): readonly string[] {
  const { provider, constraints, present, refused } = request;
  const { id, state, isFlapping, isDrained, providers } = node;
  const reasons: string[] = [];
  if (state !== "alive") reasons.push(stateText(state));
  if (isDrained === true) reasons.push("is drained");
  if (isFlapping === true && id !== present) reasons.push("keeps dying and coming back");
  const offer = providers.get(provider);
  if (offer === undefined) {
    reasons.push(`does not offer ${provider}`);
  } else if (!offer.available) {
    reasons.push(`does not offer ${provider} (${provider}: not available: ${offer.reason})`);
  }
  for (const constraint of constraints) {
    const reason = reasonAgainst(constraint, node);
    if (reason !== undefined) reasons.push(reason);
  }
  if (id !== present) reasons.push(...takenPorts(request, id), ...claimedRoom(request, id));
  reasons.push(...missingVolumes(request, id, offer));
  const missing = missingRoom(request, node);
  if (id === refused?.node && missing.length === 0) reasons.push(refused.reason);
  reasons.push(...missing, ...missingLimits(request, offer));
  return reasons;
}

/** What of its resources a node has too little of. */
export function missingRoom(
  { resources = noResources, reservedOn }: PlacementRequest,
  { id, capacity }: Candidate,
): readonly string[] {
  if (isNothing(resources)) return none;
  if (capacity === undefined) return ["does not say what room it has"];
  return shortfalls(resources, capacity, reservedOn?.(id) ?? noResources);
}

function missingLimits(
  { provider, resources = noResources }: PlacementRequest,
  offer: ProviderOffer | undefined,
): readonly string[] {
  if (isNothing(resources) || offer?.available !== true) return none;
  if (offer.noLimits === undefined) return none;
  return [`cannot limit what ${provider} uses (${offer.noLimits})`];
}

function missingVolumes(
  { provider, volumes = none, mounts = volumes.length > 0, volumeHome }: PlacementRequest,
  node: NodeId,
  offer: ProviderOffer | undefined,
): readonly string[] {
  if (!mounts) return none;
  const elsewhere = volumeHome === undefined ? none : reasonsOfVolumes(volumes, volumeHome, node);
  const cannot = offer?.available === true && offer.hasVolumes !== true;
  return cannot ? [...elsewhere, `cannot give volumes to ${provider}`] : elsewhere;
}

function takenPorts(
  { ports = noPorts, portHolder }: PlacementRequest,
  node: NodeId,
): readonly string[] {
  if (ports.length === 0) return none;
  return ports.flatMap((port) => {
    const holder = portHolder?.(node, port);
    return holder === undefined ? [] : [`has given port ${port} to ${holder}`];
  });
}

function claimedRoom(
  { resources = noResources, claimOn }: PlacementRequest,
  node: NodeId,
): readonly string[] {
  const claim = isNothing(resources) ? undefined : claimOn?.(node);
  if (claim === undefined) return none;
  return [`keeps its room for ${claim.service}, which waits with priority ${claim.priority}`];
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

function bestOf(
  { service, spread, only, siblings = [] }: PlacementRequest,
  eligible: readonly Candidate[],
  loadOf: LoadOf,
): { readonly node: NodeId; readonly choice: Choice } | undefined {
  const among = eligible.length;
  const [first] = eligible;
  if (first === undefined) return undefined;
  if (only !== undefined) return { node: first.id, choice: { kind: "everywhere" } };
  if (among === 1) return { node: first.id, choice: { kind: "only" } };
  const onNode = counted(siblings);
  const zoneOf = zones(spread, eligible);
  const inZone = counted(siblings.map(zoneOf));
  const farthest = fewest(
    fewest(eligible, ({ id }) => inZone.get(zoneOf(id)) ?? 0),
    ({ id }) => onNode.get(id) ?? 0,
  );
  const emptiest = fewest(farthest, loadOf);
  const best = emptiest.length === 1 ? (emptiest[0] ?? first) : firstInRank(service, emptiest);
  return { node: best.id, choice: choiceOf(best) };

  function choiceOf(node: Candidate): Choice {
    if (farthest.length < among)
      return { kind: "spread", siblings: onNode.get(node.id) ?? 0, among };
    const kind = emptiest.length === 1 ? "fewest" : "rank";
    return { kind, instances: loadOf(node), among };
  }
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

/** `nodes`: one or more. */
function firstInRank(service: ServiceName, nodes: readonly Candidate[]): Candidate {
  const weight = ({ id }: Candidate) => asFraction(hashText(`${service}\n${id}`));
  return nodes.reduce((best, node) => (weight(node) < weight(best) ? node : best));
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
