/**
 * Which nodes can take an instance: every reason against one, for people, and the same without a word for
 * a pass that asks of a thousand nodes for each of a thousand services. Pure.
 */
import { asServiceName, type NodeId, type ServiceName } from "../core/ids.ts";
import { fits, isNothing, noResources, type Resources, shortfalls } from "../core/resources.ts";
import { type Hash, hashText } from "../ring/hash.ts";
import { type Constraint, constraintText, reasonAgainst } from "./constraint.ts";
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
      /** Why it cannot isolate its tasks from their machine; absent: it can, or it is no matter of its. */
      readonly noIsolation?: string | undefined;
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
  /** It is to be isolated from its machine. */
  readonly isIsolated?: boolean;
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
  reasons.push(...missing, ...missingLimits(request, offer), ...missingIsolation(request, offer));
  return reasons;
}

/** Whether a node was asked to offer a provider whose engine is not there now. */
export function isAwayOn({ providers }: Candidate, provider: string): boolean {
  return providers.get(provider)?.available === false;
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

function missingIsolation(
  { provider, isIsolated }: PlacementRequest,
  offer: ProviderOffer | undefined,
): readonly string[] {
  if (isIsolated !== true || offer?.available !== true) return none;
  if (offer.noIsolation === undefined) return none;
  return [`cannot isolate what ${provider} runs (${offer.noIsolation})`];
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

/** Whether a node that is open to a request can take it now: the rest of `reasonsAgainst`, without a word. */
export function hasPlaceFor(request: PlacementRequest, node: Candidate): boolean {
  const { ports = noPorts, volumes = none, resources = noResources, refused } = request;
  const { mounts = volumes.length > 0 } = request;
  const { id, capacity } = node;
  if (id === refused?.node) return reasonsAgainst(request, node).length === 0;
  if (ports.length > 0 && takenPorts(request, id).length > 0) return false;
  const offer = node.providers.get(request.provider);
  if (mounts && missingVolumes(request, id, offer).length > 0) return false;
  if (isNothing(resources)) return true;
  if (capacity === undefined || request.claimOn?.(id) !== undefined) return false;
  return fits(resources, capacity, request.reservedOn?.(id) ?? noResources);
}

/** The nodes of one look at the network, and which are open to what, found once for all who ask alike. */
class OpenNodes {
  readonly #nodes: readonly Candidate[];
  readonly #byId: ReadonlyMap<NodeId, Candidate>;
  readonly #open = new Map<string, readonly Candidate[]>();
  readonly #hashes = new Map<NodeId, Hash>();

  constructor(nodes: readonly Candidate[]) {
    this.#nodes = nodes;
    this.#byId = new Map(nodes.map((node) => [node.id, node]));
  }

  get(id: NodeId): Candidate | undefined {
    return this.#byId.get(id);
  }

  hashOf(id: NodeId): Hash {
    const known = this.#hashes.get(id);
    if (known !== undefined) return known;
    const hash = hashText(id);
    this.#hashes.set(id, hash);
    return hash;
  }

  /** Those that have nothing against any request of its kind, whatever is reserved or given by now. */
  openTo({
    provider,
    constraints,
    isIsolated = false,
    resources = noResources,
  }: PlacementRequest): readonly Candidate[] {
    const isLimited = !isNothing(resources);
    const texts = constraints.map(constraintText);
    const kind = [provider, isLimited, isIsolated, ...texts].join("\n");
    const found = this.#open.get(kind);
    if (found !== undefined) return found;
    const standing = { service: asServiceName(""), provider, constraints, isIsolated };
    const open = this.#nodes.filter((node) => {
      if (reasonsAgainst(standing, node).length > 0) return false;
      return (
        !isLimited ||
        missingLimits({ ...standing, resources }, node.providers.get(provider)).length === 0
      );
    });
    this.#open.set(kind, open);
    return open;
  }
}

const seen = new WeakMap<readonly Candidate[], OpenNodes>();

/** Kept for as long as the list itself, which nobody changes. */
export function openNodes(nodes: readonly Candidate[]): OpenNodes {
  const open = seen.get(nodes) ?? new OpenNodes(nodes);
  seen.set(nodes, open);
  return open;
}
