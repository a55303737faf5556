/** The nodes that the catalog knows, as ones to be picked, and what they have given away. */
import type { NodeId, ServiceName } from "../core/ids.ts";
import type { Member, ProviderFact } from "../membership/view.ts";
import type { Candidate, PortHolder, ProviderOffer } from "../services/eligibility.ts";
import { fixedPorts } from "../services/ports.ts";
import type { Catalog } from "./catalog.ts";
import type { PlacementTable } from "./placement-table.ts";

/** What has fixed ports of nodes by its placement. Looked up once something asks: few services have any. */
export function portHolders(catalog: Catalog): PortHolder {
  let holders: ReadonlyMap<string, ServiceName> | undefined;
  return (node, port) => {
    holders ??= new Map(
      catalog.placements().flatMap(({ service, node: at }) => {
        const spec = catalog.service(service)?.member.spec;
        const ports = spec === undefined ? [] : fixedPorts(spec);
        return ports.map((held): [string, ServiceName] => [`${at} ${held}`, service]);
      }),
    );
    return holders.get(`${node} ${port}`);
  };
}

export interface CandidatesOptions {
  readonly underway?: PlacementTable;
  readonly absentForMs?: (node: NodeId) => number;
}

/** Every node known, as one to be picked. `underway` counts with what is placed there. */
export function candidatesOf(
  catalog: Catalog,
  { underway, absentForMs }: CandidatesOptions = {},
): readonly Candidate[] {
  return catalog.view.members.map((member) => {
    const { id } = member;
    const instances = catalog.instancesOn(id) + (underway?.countOn(id) ?? 0);
    const isDrained = catalog.isDrained(id);
    return { ...candidateOf(member, instances, absentForMs?.(id) ?? 0), isDrained };
  });
}

function candidateOf(
  { id, name, state, flapping, facts }: Member,
  instances: number,
  awayForMs: number,
): Candidate {
  const offers = facts.providers.map((fact): [string, ProviderOffer] => [fact.type, offerOf(fact)]);
  const providers = new Map(offers);
  return {
    id,
    name,
    state,
    isFlapping: flapping === true,
    awayForMs,
    labels: facts.labels,
    providers,
    instances,
    capacity: facts.capacity,
  };
}

function offerOf({ available, reason, features, lacks }: ProviderFact): ProviderOffer {
  if (!available) return { available, reason: reason ?? "no reason given" };
  const hasVolumes = features?.includes("volumes") === true;
  const offer = { available, hasVolumes, noIsolation: lacks?.["isolation"] };
  if (features?.includes("limits")) return offer;
  return { ...offer, noLimits: lacks?.["limits"] ?? "it has no such thing" };
}
